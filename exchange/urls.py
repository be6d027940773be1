from django.urls import path

from exchange.views import exports, imports, releases

app_name = "exchange"
urlpatterns = [
    path("p/<slug:slug>/imports/", imports.import_list, name="import-list"),
    path("p/<slug:slug>/imports/new/", imports.import_upload, name="import-upload"),
    path("p/<slug:slug>/imports/<int:pk>/", imports.import_detail, name="import-detail"),
    path("p/<slug:slug>/imports/<int:pk>/preview/", imports.import_preview, name="import-preview"),
    path("p/<slug:slug>/imports/<int:pk>/start/", imports.import_start, name="import-start"),
    path("p/<slug:slug>/imports/<int:pk>/check/", imports.import_check, name="import-check"),
    path("p/<slug:slug>/imports/<int:pk>/discard/", imports.import_discard, name="import-discard"),
    path("p/<slug:slug>/imports/<int:pk>/cancel/", imports.import_cancel, name="import-cancel"),
    path("p/<slug:slug>/imports/<int:pk>/again/", imports.import_again, name="import-again"),
    path("p/<slug:slug>/imports/<int:pk>/checked/", imports.import_checked, name="import-checked"),
    path("p/<slug:slug>/imports/<int:pk>/good-rows/", imports.import_good_rows, name="import-good-rows"),
    path("p/<slug:slug>/imports/<int:pk>/undo/", imports.import_undo, name="import-undo"),
    path("p/<slug:slug>/imports/<int:pk>/bad-rows/", imports.import_bad_rows, name="import-bad-rows"),
    path("p/<slug:slug>/exports/", exports.export_list, name="export-list"),
    path("p/<slug:slug>/exports/new/", exports.export_create, name="export-create"),
    path("p/<slug:slug>/exports/<int:pk>/cancel/", exports.export_cancel, name="export-cancel"),
    path("p/<slug:slug>/exports/<int:pk>/download/", exports.export_download, name="export-download"),
    path("p/<slug:slug>/releases/", releases.release_list, name="release-list"),
    path("p/<slug:slug>/releases/new/", releases.release_create, name="release-create"),
    path("p/<slug:slug>/releases/new/preview/", releases.release_preview, name="release-preview"),
    path("p/<slug:slug>/releases/<int:pk>/", releases.release_detail, name="release-detail"),
    path("p/<slug:slug>/releases/<int:pk>/cancel/", releases.release_cancel, name="release-cancel"),
    path("p/<slug:slug>/releases/<int:pk>/retry/", releases.release_retry, name="release-retry"),
    path("p/<slug:slug>/releases/<int:pk>/download/", releases.release_download, name="release-download"),
    path("p/<slug:slug>/releases/<int:pk>/files/<path:path>", releases.release_file, name="release-file"),
    path("p/<slug:slug>/releases/<int:pk>/compare/", releases.release_compare, name="release-compare"),
    path("p/<slug:slug>/releases/<int:pk>/check/", releases.release_check, name="release-check"),
    path("p/<slug:slug>/releases/<int:pk>/delete/", releases.release_delete, name="release-delete"),
]
