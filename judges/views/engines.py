from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from corpus.permissions import site_admin_view
from judges.forms import EngineForm
from judges.models import Engine
from judges.services import EngineRefused, probe_engine, register_engine


@site_admin_view
def engine_list(request: HttpRequest) -> HttpResponse:
    engines = Engine.objects.annotate(n_judges=Count("judges"))
    return render(request, "judges/engine_list.html", {"engines": engines, "rail": "engines"})


@sensitive_post_parameters("api_key", "url")
@site_admin_view
def engine_create(request: HttpRequest) -> HttpResponse:
    """Register an engine; its page then offers the probe, which may take as long as a model's loading."""
    form = EngineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            engine = register_engine(**form.cleaned_data, by=request.user)
        except EngineRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            if engine.kind != Engine.Kind.LOCAL:
                probe_engine(engine)
            messages.success(request, f"The engine “{engine}” is registered.")
            return redirect(engine)
    return render(request, "judges/engine_create.html", {"form": form, "rail": "engines"})


@site_admin_view
def engine_detail(request: HttpRequest, pk: int) -> HttpResponse:
    engine = get_object_or_404(Engine.objects.select_related("created_by"), pk=pk)
    judges = engine.judges.select_related("project", "prompt").order_by("project__name", "name", "-version")
    context = {"engine": engine, "judges": judges[:100], "rail": "engines"}
    return render(request, "judges/engine_detail.html", context)


@site_admin_view
@require_POST
def engine_probe(request: HttpRequest, pk: int) -> HttpResponse:
    engine = get_object_or_404(Engine, pk=pk)
    probe_engine(engine)
    return redirect(engine)
