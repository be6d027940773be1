from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from corpus import accounts
from corpus.forms import UserForm
from corpus.models import User
from corpus.permissions import site_admin_view


@site_admin_view
def user_list(request: HttpRequest) -> HttpResponse:
    users = User.objects.annotate(n_projects=Count("memberships")).order_by("-is_active", "username")
    return render(request, "corpus/user_list.html", {"users": users, "rail": "users"})


@site_admin_view
@never_cache
def user_create(request: HttpRequest) -> HttpResponse:
    """Make a user; the password is shown on the answer and nowhere else, ever."""
    form = UserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        named = form.cleaned_data
        user, password = accounts.create_account(named["username"], full_name=named["first_name"])
        if named["is_superuser"]:
            accounts.make_site_admin(user)
        return _show_password(request, user, password)
    return render(request, "corpus/user_create.html", {"form": form, "rail": "users"})


@site_admin_view
@require_POST
@never_cache
def user_password(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    return _show_password(request, user, accounts.reset_password(user))


@site_admin_view
@require_POST
def user_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    try:
        accounts.deactivate(user)
    except accounts.LastAdmin as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{user.username} can no longer log in. What they did stays.")
    return redirect("corpus:user-list")


@site_admin_view
@require_POST
def user_activate(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    accounts.activate(user)
    messages.success(request, f"{user.username} can log in again.")
    return redirect("corpus:user-list")


def _show_password(request: HttpRequest, user: User, password: str) -> HttpResponse:
    context = {"made": user, "password": password, "rail": "users"}
    return render(request, "corpus/user_password.html", context)
