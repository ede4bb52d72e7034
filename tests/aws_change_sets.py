"""moto's change sets as AWS has them: with parameters and outputs, and nothing where nothing changes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from moto.cloudformation.models import Change, ChangeSet, Stack
from moto.cloudformation.parsing import ResourceMap, parse_and_update_resource


def values(template: dict[str, Any], given: dict[str, Any]) -> dict[str, str]:
    """The parameters that are in force."""
    declared = template.get("Parameters", {})
    return {name: str(given.get(name, each.get("Default", ""))) for name, each in declared.items()}


def apply(change_set: ChangeSet) -> None:
    """In the place of ChangeSet.apply, which forgets parameters and outputs."""
    stack = change_set.stack
    stack.template, stack.parameters = change_set.template, change_set.parameters
    stack._parse_template()
    if change_set.change_set_type == "UPDATE":
        _update(stack, [each.logical_resource_id for each in change_set.changes])
    else:
        stack.resource_map = stack._create_resource_map()
        stack.create_resources()
    stack.output_map = stack._create_output_map()


def _update(stack: Stack, changed: list[str]) -> None:
    """Those that have changed, where moto updates every resource that the template has, made or not."""
    resources = stack.resource_map
    resources._template, resources._resource_json_map = stack.template_dict, stack.template_dict["Resources"]
    resources.input_parameters = stack.parameters
    resources.load_mapping()
    resources.load_parameters()
    resources.load_conditions()
    there = dict(stack_resources(stack.template_dict, stack.parameters))
    for name in changed:
        if name in there:
            resources._parsed_resources[name] = parse_and_update_resource(
                name, there[name], resources, account_id=stack.account_id, region_name=stack.region_name
            )


def diff(change_set: ChangeSet) -> list[Change]:
    """In the place of ChangeSet.diff, which sees changes of the template only."""
    stack, new = change_set.stack, change_set.template_dict
    if change_set.change_set_type == "CREATE":
        return [Change("Add", name, each["Type"]) for name, each in stack_resources(new, change_set.parameters)]
    old = stack.template_dict
    before, after = values(old, stack.parameters), values(new, change_set.parameters)
    changed = {name for name in after if before.get(name) != after[name]}
    found = [
        Change("Remove", name, old["Resources"][name]["Type"]) for name in old["Resources"].keys() - new["Resources"]
    ]
    for name, each in new["Resources"].items():
        if name not in old["Resources"]:
            found.append(Change("Add", name, each["Type"]))
        elif each != old["Resources"][name] or any(f'"{parameter}"' in json.dumps(each) for parameter in changed):
            found.append(Change("Modify", name, each["Type"]))
    return found


def stack_resources(template: dict[str, Any], parameters: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Without those of a domain, if there is none."""
    left_out = {"HasDomain", "HasZone", "MakesCertificate"} if not parameters.get("DomainName") else {"HasNoDomain"}
    left_out |= {"HasNat"} if parameters.get("Size") != "production" else set()
    return [(name, each) for name, each in template["Resources"].items() if each.get("Condition") not in left_out]


def has_parameters(stack: Stack, given: dict[str, Any]) -> bool:
    """In the place of Stack.has_parameters, which takes a default for a change."""
    return values(stack.template_dict, stack.parameters) == values(stack.template_dict, given)


def delete(resources: ResourceMap) -> None:
    """In the place of ResourceMap.delete, which knows no order in which a network can be taken apart."""
    for name, resource in list(resources._parsed_resources.items()):
        body = resources._resource_json_map.get(name, {})
        if body and not body.get("DeletionPolicy", "").startswith("Retain"):
            with suppress(Exception):
                resources._delete_resource(resource, body)
            del resources._parsed_resources[name]
