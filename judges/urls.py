from django.urls import path

from judges.views import attacks, engines, experiments, judges, prompts, runs, schedules, wordings

app_name = "judges"
urlpatterns = [
    path("engines/", engines.engine_list, name="engine-list"),
    path("engines/new/", engines.engine_create, name="engine-create"),
    path("engines/<int:pk>/", engines.engine_detail, name="engine-detail"),
    path("engines/<int:pk>/probe/", engines.engine_probe, name="engine-probe"),
    path("p/<slug:slug>/judges/", judges.judge_list, name="judge-list"),
    path("p/<slug:slug>/judges/new/", judges.judge_create, name="judge-create"),
    path("p/<slug:slug>/judges/jury/", judges.jury_create, name="jury-create"),
    path("p/<slug:slug>/judges/<int:pk>/", judges.judge_detail, name="judge-detail"),
    path("p/<slug:slug>/prompts/", prompts.prompt_list, name="prompt-list"),
    path("p/<slug:slug>/prompts/new/", prompts.prompt_create, name="prompt-create"),
    path("p/<slug:slug>/prompts/preview/", prompts.prompt_preview, name="prompt-preview"),
    path("p/<slug:slug>/prompts/try/", prompts.prompt_try, name="prompt-try"),
    path("p/<slug:slug>/prompts/tried/<int:pk>/", prompts.prompt_tried, name="prompt-tried"),
    path("p/<slug:slug>/prompts/<int:pk>/", prompts.prompt_detail, name="prompt-detail"),
    path("p/<slug:slug>/attacks/", attacks.attack_list, name="attack-list"),
    path("p/<slug:slug>/wordings/", wordings.wording_list, name="wording-list"),
    path("p/<slug:slug>/wordings/<slug:wording>/", wordings.wording_detail, name="wording-detail"),
    path("p/<slug:slug>/wordings/<slug:wording>/edit/", wordings.wording_edit, name="wording-edit"),
    path("p/<slug:slug>/runs/", runs.run_list, name="run-list"),
    path("p/<slug:slug>/runs/new/", runs.run_create, name="run-create"),
    path("p/<slug:slug>/runs/estimate/", runs.run_estimate, name="run-estimate"),
    path("p/<slug:slug>/runs/<int:pk>/cap/", runs.run_cap, name="run-cap"),
    path("p/<slug:slug>/schedules/", schedules.schedule_list, name="schedule-list"),
    path("p/<slug:slug>/schedules/new/", schedules.schedule_create, name="schedule-create"),
    path("p/<slug:slug>/schedules/<int:pk>/switch/", schedules.schedule_switch, name="schedule-switch"),
    path("p/<slug:slug>/schedules/<int:pk>/delete/", schedules.schedule_delete, name="schedule-delete"),
    path("p/<slug:slug>/runs/<int:pk>/", runs.run_detail, name="run-detail"),
    path("p/<slug:slug>/runs/<int:pk>/progress/", runs.run_progress, name="run-progress"),
    path("p/<slug:slug>/runs/<int:pk>/pause/", runs.run_pause, name="run-pause"),
    path("p/<slug:slug>/runs/<int:pk>/resume/", runs.run_resume, name="run-resume"),
    path("p/<slug:slug>/runs/<int:pk>/cancel/", runs.run_cancel, name="run-cancel"),
    path("p/<slug:slug>/runs/<int:pk>/retry/", runs.run_retry, name="run-retry"),
    path("p/<slug:slug>/experiments/compliance/", experiments.compliance_create, name="compliance-create"),
    path("p/<slug:slug>/experiments/robustness/", experiments.robustness_create, name="robustness-create"),
    path("p/<slug:slug>/experiments/<int:pk>/", experiments.experiment_detail, name="experiment-detail"),
    path(
        "p/<slug:slug>/experiments/<int:pk>/progress/",
        experiments.experiment_progress,
        name="experiment-progress",
    ),
    path("p/<slug:slug>/experiments/<int:pk>/start/", experiments.experiment_start, name="experiment-start"),
    path(
        "p/<slug:slug>/experiments/<int:pk>/discard/",
        experiments.experiment_discard,
        name="experiment-discard",
    ),
    path("p/<slug:slug>/experiments/<int:pk>/pause/", experiments.experiment_pause, name="experiment-pause"),
    path(
        "p/<slug:slug>/experiments/<int:pk>/resume/", experiments.experiment_resume, name="experiment-resume"
    ),
    path(
        "p/<slug:slug>/experiments/<int:pk>/cancel/", experiments.experiment_cancel, name="experiment-cancel"
    ),
    path("p/<slug:slug>/experiments/<int:pk>/read/", experiments.experiment_read, name="experiment-read"),
    path("p/<slug:slug>/experiments/<int:pk>/retry/", experiments.experiment_retry, name="experiment-retry"),
]
