"""docs/deploy.md, docs/runbook.md and the cost in the README follow from the template and the scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import deployment
from cli.aws.deploy import WISHES
from tests.aws_template import template

ROOT = Path(__file__).resolve().parents[3]
README, DEPLOY, RUNBOOK = ((ROOT / name).read_text() for name in ("README.md", "docs/deploy.md", "docs/runbook.md"))
TEMPLATE = template()
ALARMS = {
    name: each["Properties"] for name, each in TEMPLATE["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"
}


def test_the_readme_says_what_a_small_deployment_costs() -> None:
    assert deployment.shown(deployment.rows()) in README


def test_the_budget_leaves_room_for_what_it_costs() -> None:
    usual = sum(usd for _, usd in deployment.rows())
    assert 1.2 * usual < TEMPLATE["Parameters"]["MonthlyBudget"]["Default"] < 2.5 * usual


def test_every_alarm_has_its_place_in_the_runbook_and_no_other_has() -> None:
    assert set(re.findall(r"^### (\w+)$", RUNBOOK, re.M)) == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_somebody_and_says_what_is_wrong(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert ALARMS[name]["AlarmDescription"]
    watched = ALARMS[name].get("Metrics", [ALARMS[name]])
    assert all(
        each.get("Period") or each.get("MetricStat", {}).get("Period") or "Expression" in each for each in watched
    )


@pytest.mark.parametrize(
    ("name", "threshold", "where"),
    [
        ("StreamAgeAlarm", 10_000, "over 10 s"),
        ("Api5xxAlarm", 0.001, "1 in 1,000"),
        ("PoolWaitsAlarm", 100, "over 100"),
        ("DatabaseCpuAlarm", 70, "70%, 20%, 80% of the most"),
        ("FailedRecordsAlarm", 0, "any"),
    ],
)
def test_the_alarms_have_the_numbers_of_the_operations_page(name: str, threshold: float, where: str) -> None:
    assert ALARMS[name]["Threshold"] == threshold
    assert where in (ROOT / "docs/operations.md").read_text()


def test_every_filter_of_the_logs_looks_for_a_line_that_is_written() -> None:
    filters = [
        each["Properties"] for each in TEMPLATE["Resources"].values() if each["Type"] == "AWS::Logs::MetricFilter"
    ]
    sources = [path.read_text() for folder in ("backend_flask", "lambdas") for path in (ROOT / folder).rglob("*.py")]
    words = {word for each in filters for word in re.findall(r'"(\w+)"', each["FilterPattern"])}
    assert len(words) >= 5
    assert [word for word in words if not any(f'"{word}"' in text for text in sources)] == []


def test_the_options_that_the_page_names_are_there() -> None:
    named = set(
        re.findall(r"(?<![\w-])--[a-z][a-z-]+", re.sub(r"(aws|docker) [a-z-]+ .*|^ +--.*", "", DEPLOY, flags=re.M))
    )
    known = {option for option, _ in WISHES.values()}
    assert named <= known | {"--name", "--image", "--yes", "--with-data", "--follow", "--repair", "--recompute"}
    assert known - named == {"--budget"}


def test_every_wish_is_a_parameter_and_has_a_default_or_is_asked_for() -> None:
    parameters = TEMPLATE["Parameters"]
    assert set(WISHES) <= set(parameters)
    filled_in = {"ApiImage", "CloudFrontAddresses"}
    assert {name for name, each in parameters.items() if "Default" not in each} == {"AlarmEmail", "ApiImage"}
    assert set(parameters) == set(WISHES) | filled_in
