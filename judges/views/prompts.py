"""Prompts and the workshop in which they are made: nothing here asks a model; tries are jobs."""

import yaml
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.models import Job, Project
from corpus.permissions import Capability, project_view
from judges import workshop
from judges.forms import DraftForm
from judges.models import Judge, Prompt
from judges.prompting import PLACES
from judges.services.prompts import prompts_for, versions_of
from judges.workshop import DraftRefused


@project_view(Capability.REPORT)
def prompt_list(request: HttpRequest, project: Project) -> HttpResponse:
    prompts = prompts_for(project)
    used = dict.fromkeys((prompt.pk for prompt in prompts), 0)
    for pk in Judge.objects.filter(project=project, prompt__in=used).values_list("prompt_id", flat=True):
        used[pk] += 1
    rows = [(prompt, used[prompt.pk]) for prompt in sorted(prompts, key=lambda each: each.name)]
    return render(request, "judges/prompt_list.html", {"rows": rows, "rail": "judges"})


@project_view(Capability.REPORT)
def prompt_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One version word for word, what changed in it, and which judges and runs used it."""
    prompt = get_object_or_404(_visible(project), pk=pk)
    versions = versions_of(prompt)
    against = next((each for each in versions if str(each.pk) == request.GET.get("against")), None)
    if against is None:
        against = next((each for each in versions if each.version < prompt.version), None)
    older, newer = sorted((against, prompt), key=lambda each: each.version) if against else (None, None)
    judges = Judge.objects.filter(project=project, prompt=prompt).prefetch_related(
        "runs__item_set", "runs__job"
    )
    context = {
        "prompt": prompt,
        "versions": versions,
        "older": older,
        "newer": newer,
        "differences": workshop.differences(older, newer) if older else [],
        "judges": judges.order_by("name", "-version"),
        "n_on_test": workshop.n_versions_on_test(project, prompt.name),
        "often": workshop.OFTEN,
        "rail": "judges",
    }
    return render(request, "judges/prompt_detail.html", context)


@project_view(Capability.MANAGE)
def prompt_create(request: HttpRequest, project: Project) -> HttpResponse:
    """The workshop; posted, the draft becomes the next version of the prompt of its name."""
    if request.method == "POST":
        form = DraftForm(request.POST, project=project)
        if form.is_valid() and not form.cleaned_data["name"]:
            form.add_error("name", "A version needs a name to be saved under.")
        elif form.is_valid():
            try:
                template = workshop.draft_template(form.draft, rubric=form.cleaned_data["rubric"])
            except DraftRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                saved = workshop.save_prompt(project, template)
                messages.success(request, f"“{saved}” is saved as version {saved.version}.")
                return redirect("judges:prompt-detail", project.slug, saved.pk)
    else:
        form = DraftForm(project=project, initial=_initial(request, project))
    name = form["name"].value() or ""
    context = {
        "form": form,
        "places": [f"{{{{{place}}}}}" for place in PLACES],
        "n_on_test": workshop.n_versions_on_test(project, name),
        "often": workshop.OFTEN,
        "rail": "judges",
    }
    return render(request, "judges/prompt_create.html", context)


@project_view(Capability.MANAGE)
@require_POST
def prompt_preview(request: HttpRequest, project: Project) -> HttpResponse:
    """The draft filled with a real item, for htmx; `another` takes a further item by lot."""
    form = DraftForm(request.POST, project=project)
    context: dict = {"form": form}
    if form.is_valid():
        rubric = form.cleaned_data["rubric"]
        item = form.cleaned_data["item"]
        if "another" in request.POST or item is None or not project.has_item(item):
            drawn = workshop.sample_items(project, n=2, pairs=rubric.compares)
            item = next((each for each in drawn if each != item), drawn[0] if drawn else None)
        try:
            template = workshop.draft_template(form.draft, rubric=rubric)
            context |= {"item": item}
            if item is not None:
                shown = workshop.render_draft(template, item, rubric=rubric)
                n_characters = sum(len(message["content"]) for message in shown)
                context |= {"shown": shown, "n_characters": n_characters, "n_tokens": n_characters // 4}
        except DraftRefused as refusal:
            context |= {"refusal": str(refusal), "item": item}
    return render(request, "judges/prompt_create.html#prompt-preview", context)


@project_view(Capability.MANAGE)
@require_POST
def prompt_try(request: HttpRequest, project: Project) -> HttpResponse:
    """Begin a try of the draft, on the item shown or on a sample of the tune split; its result is polled."""
    form = DraftForm(request.POST, project=project)
    context: dict = {}
    if not form.is_valid():
        context["refusal"] = "Mend the draft first: " + "; ".join(
            f"{name}: {error}" for name, errors in form.errors.items() for error in errors
        )
    elif form.cleaned_data["engine"] is None:
        context["refusal"] = "Choose an engine to try the prompt on."
    else:
        rubric, item = form.cleaned_data["rubric"], form.cleaned_data["item"]
        if request.POST.get("on") == "item" and item is not None and project.has_item(item):
            items = [item]
        else:
            items = workshop.sample_items(project, n=workshop.SAMPLE, pairs=rubric.compares)
        try:
            job = workshop.start_try(
                project,
                form.draft,
                engine=form.cleaned_data["engine"],
                rubric=rubric,
                item_ids=items,
                by=request.user,
            )
        except DraftRefused as refusal:
            context["refusal"] = str(refusal)
        else:
            context["job"] = job
    return render(request, "judges/prompt_create.html#prompt-tried", context)


@project_view(Capability.MANAGE)
def prompt_tried(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """How a try stands, or what came out of it."""
    job = get_object_or_404(project.jobs.filter(kind=Job.Kind.TRY), pk=pk)
    return render(request, "judges/prompt_create.html#prompt-tried", {"job": job})


def _visible(project: Project):
    return Prompt.objects.filter(Q(project=project) | Q(project=None)).exclude(messages=[])


def _initial(request: HttpRequest, project: Project) -> dict:
    """What the form begins with: the prompt named by `from`, else the plain question."""
    chosen = request.GET.get("from", "")
    if chosen:
        prompt = _visible(project).filter(pk=chosen if chosen.isdigit() else 0).first()
        if prompt is None:
            raise Http404
    else:
        prompt = next(each for each in prompts_for(project) if each.name == "grade-basic")
    fields = workshop.fields_of(prompt)
    reply = yaml.safe_dump(fields["reply"], allow_unicode=True, sort_keys=False) if fields["reply"] else ""
    rubric = next((each for each in project.rubrics.order_by("pk") if _suits(fields["scoring"], each)), None)
    return fields | {"reply": reply, "name": fields["name"] if chosen else "", "rubric": rubric and rubric.pk}


def _suits(scoring: str, rubric) -> bool:
    if scoring == "pairwise":
        return rubric.compares
    return bool(rubric.criteria) if scoring == "criteria" else not rubric.compares
