from django.urls import path

from mining.views import pools, selections

app_name = "mining"
urlpatterns = [
    path("p/<slug:slug>/negatives/", pools.pool_list, name="pool-list"),
    path("p/<slug:slug>/negatives/new/", pools.pool_create, name="pool-create"),
    path("p/<slug:slug>/negatives/<int:pk>/", pools.pool_detail, name="pool-detail"),
    path("p/<slug:slug>/negatives/<int:pk>/progress/", pools.pool_progress, name="pool-progress"),
    path("p/<slug:slug>/negatives/<int:pk>/cancel/", pools.pool_cancel, name="pool-cancel"),
    path("p/<slug:slug>/negatives/<int:pk>/resume/", pools.pool_resume, name="pool-resume"),
    path("p/<slug:slug>/negatives/<int:pk>/delete/", pools.pool_delete, name="pool-delete"),
    path("p/<slug:slug>/negatives/<int:pk>/judge/", pools.pool_judge, name="pool-judge"),
    path("p/<slug:slug>/negatives/<int:pk>/freeze/", selections.selection_create, name="selection-create"),
    path(
        "p/<slug:slug>/negatives/selections/<int:pk>/", selections.selection_detail, name="selection-detail"
    ),
    path(
        "p/<slug:slug>/negatives/selections/<int:pk>/second/",
        selections.selection_second,
        name="selection-second",
    ),
    path(
        "p/<slug:slug>/negatives/selections/<int:pk>/people/",
        selections.selection_people,
        name="selection-people",
    ),
    path(
        "p/<slug:slug>/negatives/selections/<int:pk>/check/",
        selections.selection_check,
        name="selection-check",
    ),
]
