"""What a small deployment costs a month, with a little use: from aws/template.yaml and prices.json.

`python -m bench.deployment` prints the table of the README.
"""

from __future__ import annotations

from typing import Any

from bench.prices import HOURS_OF_A_MONTH, price
from cli.aws import build

# A little use: what docs/scale.md reckons for a million messages with all the reading that goes with them.
MESSAGES_A_DAY = 1000
USD_A_MILLION = 29
# A line of the log about a health check, and how many each task gets: two zones of the load balancer and it itself ask
# every 10 s.
LINE_BYTES = 330
CHECKS_A_SECOND = 0.3
# Of the images that are kept each adds little to the first.
IMAGE_GB = 1.0

Resources = dict[str, dict[str, Any]]


def rows() -> list[tuple[str, float]]:
    """What is paid for, and USD a month."""
    template = build.build({name: {} for name in build.functions()})
    size, resources = template["Mappings"]["Sizes"]["small"], template["Resources"]
    tasks, hours = size["MinTasks"], HOURS_OF_A_MONTH
    a_task = price("fargate_vcpu_hours", size["TaskCpu"] / 1024) + price("fargate_gb_hours", size["TaskMemory"] / 1024)
    zones = len(resources["LoadBalancer"]["Properties"]["Subnets"])
    log_gb = tasks * CHECKS_A_SECOND * 3600 * hours * LINE_BYTES / 10**9
    return [
        (f"{tasks} tasks of the API on Fargate", tasks * a_task * hours),
        ("load balancer", price("alb_hours", hours)),
        (
            f"{tasks + zones} public addresses, of tasks and load balancer",
            price("public_ipv4_hours", hours * (tasks + zones)),
        ),
        (f"Postgres, {size['DatabaseClass']}", price("rds_t4g_small_hours", hours)),
        (
            f"its {size['DatabaseStorage']} GB, and as many of backups",
            price("rds_gp3_gb_months", size["DatabaseStorage"]),
        ),
        ("the owner's password, kept and rotated", price("secret_months")),
        ("alarms, and the metrics of our own", _watching(resources)),
        ("logs of health checks, images, 1 GB of messages", _kept(log_gb)),
        (f"{MESSAGES_A_DAY:,} messages a day, and the reading of them", MESSAGES_A_DAY * 30 / 10**6 * USD_A_MILLION),
    ]


def _watching(resources: Resources) -> float:
    alarms = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    watched = sum(sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1 for alarm in alarms)
    filters = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Logs::MetricFilter"]
    own = {each["MetricTransformations"][0]["MetricName"] for each in filters}
    return price("alarm_metric_months", watched) + price("custom_metric_months", len(own))


def _kept(log_gb: float) -> float:
    return (
        price("log_gb", log_gb)
        + price("image_gb_months", IMAGE_GB)
        + price("storage_gb_months")
        + price("pitr_gb_months")
    )


def shown(rows: list[tuple[str, float]]) -> str:
    """The table, as the README has it."""
    lines = [f"| {name} | {usd:.2f} |" for name, usd in [*rows, ("together", sum(usd for _, usd in rows))]]
    return "\n".join(["| a small deployment | USD a month |", "|---|---|", *lines])


if __name__ == "__main__":
    print(shown(rows()))
