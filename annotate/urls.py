app_name = "annotate"
urlpatterns: list = []
