from django.urls import path

from annotate.views import adjudication, keys, labelling, leases, rounds

app_name = "annotate"
urlpatterns = [
    path("keys/", keys.key_preferences, name="key-preferences"),
    path("p/<slug:slug>/rounds/", rounds.round_list, name="round-list"),
    path("p/<slug:slug>/rounds/new/", rounds.round_create, name="round-create"),
    path("p/<slug:slug>/rounds/<int:pk>/", rounds.round_detail, name="round-detail"),
    path("p/<slug:slug>/rounds/<int:pk>/open/", rounds.round_open, name="round-open"),
    path("p/<slug:slug>/rounds/<int:pk>/pause/", rounds.round_pause, name="round-pause"),
    path("p/<slug:slug>/rounds/<int:pk>/resume/", rounds.round_resume, name="round-resume"),
    path("p/<slug:slug>/rounds/<int:pk>/close/", rounds.round_close, name="round-close"),
    path("p/<slug:slug>/rounds/<int:pk>/people/", rounds.round_people, name="round-people"),
    path("p/<slug:slug>/rounds/<int:pk>/settle/", rounds.slot_settle, name="slot-settle"),
    path("p/<slug:slug>/rounds/<int:pk>/label/", labelling.label_item, name="label-item"),
    path("p/<slug:slug>/rounds/<int:pk>/label/save/", labelling.label_save, name="label-save"),
    path("p/<slug:slug>/rounds/<int:pk>/label/skip/", labelling.label_skip, name="label-skip"),
    path("p/<slug:slug>/rounds/<int:pk>/label/later/", labelling.label_later, name="label-later"),
    path("p/<slug:slug>/rounds/<int:pk>/label/flag/", labelling.label_flag, name="label-flag"),
    path("p/<slug:slug>/rounds/<int:pk>/label/reveal/", labelling.label_reveal, name="label-reveal"),
    path("p/<slug:slug>/rounds/<int:pk>/label/keep/", leases.label_keep, name="label-keep"),
    path("p/<slug:slug>/rounds/<int:pk>/label/release/", leases.label_release, name="label-release"),
    path("p/<slug:slug>/rounds/<int:pk>/label/undo/", labelling.label_undo, name="label-undo"),
    path("p/<slug:slug>/rounds/<int:pk>/label/unskip/", labelling.label_unskip, name="label-unskip"),
    path("p/<slug:slug>/adjudicate/", adjudication.adjudication_list, name="adjudication-list"),
    path("p/<slug:slug>/adjudicate/<int:pk>/", adjudication.adjudication_item, name="adjudication-item"),
    path("p/<slug:slug>/adjudicate/<int:pk>/save/", adjudication.adjudication_save, name="adjudication-save"),
    path("p/<slug:slug>/adjudicate/<int:pk>/undo/", adjudication.adjudication_undo, name="adjudication-undo"),
]
