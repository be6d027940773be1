from django.urls import path

from reports.views import (
    agreement,
    budget,
    comparison,
    compliance,
    compliance_items,
    disagreements,
    drift,
    items,
    judge,
    negatives,
    overview,
    people,
    robustness,
    slices,
    systems,
    team,
    uses,
)

app_name = "reports"
urlpatterns = [
    path("p/<slug:slug>/", overview.overview, name="overview"),
    path("p/<slug:slug>/items/<int:pk>/", items.item_detail, name="item-detail"),
    path("p/<slug:slug>/team/", team.team, name="team"),
    path("p/<slug:slug>/agreement/", agreement.agreement, name="agreement"),
    path("p/<slug:slug>/agreement/judges/", comparison.comparison, name="comparison"),
    path("p/<slug:slug>/agreement/slices/", slices.slices, name="slices"),
    path("p/<slug:slug>/agreement/disagreements/", disagreements.disagreements, name="disagreements"),
    path(
        "p/<slug:slug>/agreement/disagreements/round/",
        disagreements.disagreements_round,
        name="disagreements-round",
    ),
    path("p/<slug:slug>/agreement/budget/", budget.label_budget, name="label-budget"),
    path("p/<slug:slug>/agreement/budget/round/", budget.label_budget_round, name="label-budget-round"),
    path("p/<slug:slug>/settings/uses/", uses.use_floors, name="use-floors"),
    path("p/<slug:slug>/agreement/<int:pk>/", judge.judge_agreement, name="judge-agreement"),
    path("p/<slug:slug>/agreement/<int:pk>/drift/", drift.judge_drift, name="judge-drift"),
    path("p/<slug:slug>/systems/", systems.systems, name="systems"),
    path("p/<slug:slug>/compliance/", compliance.compliance, name="compliance"),
    path(
        "p/<slug:slug>/compliance/<int:pk>/", compliance.compliance_experiment, name="compliance-experiment"
    ),
    path(
        "p/<slug:slug>/compliance/<int:pk>/items/", compliance_items.compliance_items, name="compliance-items"
    ),
    path(
        "p/<slug:slug>/compliance/<int:pk>/readers/",
        compliance.compliance_readers_round,
        name="compliance-readers-round",
    ),
    path("p/<slug:slug>/compliance/imported/", compliance.compliance_imported, name="compliance-imported"),
    path(
        "p/<slug:slug>/compliance/imported/items/",
        compliance_items.compliance_imported_items,
        name="compliance-imported-items",
    ),
    path("p/<slug:slug>/compliance/cells/", compliance.compliance_cells, name="compliance-cells"),
    path("p/<slug:slug>/robustness/", robustness.robustness, name="robustness"),
    path("p/<slug:slug>/robustness/items/", robustness.robustness_items, name="robustness-items"),
    path("p/<slug:slug>/negatives/<int:pk>/rule/", negatives.rule, name="rule"),
    path("p/<slug:slug>/negatives/<int:pk>/rule/counts/", negatives.rule_counts, name="rule-counts"),
    path("p/<slug:slug>/negatives/<int:pk>/rule/picture/", negatives.rule_picture, name="rule-picture"),
    path("p/<slug:slug>/people/", people.people, name="people"),
]
