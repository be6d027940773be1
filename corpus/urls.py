from django.urls import path

from corpus.views import audit, invitations, items, jobs, members, projects, settings, users

app_name = "corpus"
urlpatterns = [
    path("", projects.project_list, name="project-list"),
    path("projects/new/", projects.project_create, name="project-create"),
    path("p/<slug:slug>/items/", items.item_list, name="item-list"),
    path("p/<slug:slug>/settings/", settings.project_settings, name="project-settings"),
    path("p/<slug:slug>/settings/rubric/", settings.rubric_edit, name="rubric-edit"),
    path("p/<slug:slug>/settings/rubric/<int:pk>/", settings.rubric_edit, name="further-rubric-edit"),
    path("p/<slug:slug>/settings/rubric/add/", settings.rubric_add, name="rubric-add"),
    path("p/<slug:slug>/settings/rubric/<int:pk>/remove/", settings.rubric_remove, name="rubric-remove"),
    path("p/<slug:slug>/team/members/new/", members.member_add, name="member-add"),
    path("p/<slug:slug>/team/members/<int:pk>/role/", members.member_change, name="member-change"),
    path("p/<slug:slug>/team/members/<int:pk>/pause/", members.member_pause, name="member-pause"),
    path("p/<slug:slug>/team/members/<int:pk>/resume/", members.member_resume, name="member-resume"),
    path("p/<slug:slug>/team/members/<int:pk>/relieve/", members.member_relieve, name="member-relieve"),
    path("p/<slug:slug>/team/members/<int:pk>/remove/", members.member_remove, name="member-remove"),
    path("p/<slug:slug>/team/invitations/new/", invitations.invitation_create, name="invitation-create"),
    path(
        "p/<slug:slug>/team/invitations/<int:pk>/revoke/",
        invitations.invitation_revoke,
        name="invitation-revoke",
    ),
    path("join/<str:token>/", invitations.invitation_accept, name="invitation-accept"),
    path("p/<slug:slug>/team/log/", audit.audit, name="audit"),
    path("p/<slug:slug>/settings/archive/", projects.project_archive, name="project-archive"),
    path("p/<slug:slug>/settings/unarchive/", projects.project_unarchive, name="project-unarchive"),
    path("p/<slug:slug>/settings/delete/", projects.project_delete, name="project-delete"),
    path("p/<slug:slug>/jobs/", jobs.job_list, name="job-list"),
    path("p/<slug:slug>/jobs/<int:pk>/", jobs.job_detail, name="job-detail"),
    path("p/<slug:slug>/jobs/<int:pk>/progress/", jobs.job_progress, name="job-progress"),
    path("p/<slug:slug>/jobs/<int:pk>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("p/<slug:slug>/jobs/<int:pk>/retry/", jobs.job_retry, name="job-retry"),
    path("users/", users.user_list, name="user-list"),
    path("users/new/", users.user_create, name="user-create"),
    path("users/<int:pk>/password/", users.user_password, name="user-password"),
    path("users/<int:pk>/deactivate/", users.user_deactivate, name="user-deactivate"),
    path("users/<int:pk>/activate/", users.user_activate, name="user-activate"),
]
