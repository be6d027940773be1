from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotate.forms import KeysForm
from annotate.keys import keys_of, save_keys


@login_required
def key_preferences(request: HttpRequest) -> HttpResponse:
    """The user's own keys of the labelling screen."""
    if request.method == "POST" and "reset" in request.POST:
        save_keys(request.user, {})
        messages.success(request, "Your keys are as shipped again.")
        return redirect("annotate:key-preferences")
    form = KeysForm(request.POST or None, initial=keys_of(request.user))
    if request.method == "POST" and form.is_valid():
        save_keys(request.user, form.cleaned_data)
        messages.success(request, "Your keys are saved.")
        return redirect("annotate:key-preferences")
    return render(request, "annotate/key_preferences.html", {"form": form})
