from django.urls import path

from reports.views import items, overview

app_name = "reports"
urlpatterns = [
    path("p/<slug:slug>/", overview.overview, name="overview"),
    path("p/<slug:slug>/items/<int:pk>/", items.item_detail, name="item-detail"),
]
