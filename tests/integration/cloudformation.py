"""What CloudFormation would make of `deploy/aws/mediaport.yaml`, said as S3 is told it.

moto's own CloudFormation leaves out most of what a bucket has: so the few functions that the
template uses are carried out here, and its words are turned into those of S3's API.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from cfnlint.decode.cfn_yaml import load  # type: ignore[import-untyped]

from mediaport.adapters.s3.connection import S3Connection
from tests.servers.found import ROOT

TEMPLATE = ROOT / "deploy/aws/mediaport.yaml"

Json = dict[str, Any]


def resources(**parameters: Any) -> dict[str, Json]:
    """The properties of each resource that a stack with these parameters has."""
    template = load(str(TEMPLATE))
    defaults = {
        name: each["Default"] for name, each in template["Parameters"].items() if "Default" in each
    }
    known = {"AWS::Partition": "aws", **defaults, **parameters}
    known |= {name: name for name in template["Resources"]}  # refer to one by its own name
    conditions = {name: _value(each, known, {}) for name, each in template["Conditions"].items()}
    return {
        name: _value(each["Properties"], known, conditions)
        for name, each in template["Resources"].items()
        if conditions.get(each.get("Condition"), True)
    }


def _value(node: Any, known: Mapping[str, Any], conditions: Mapping[str, bool]) -> Any:
    """A node of the template with its functions carried out."""
    if isinstance(node, list):
        return [_value(each, known, conditions) for each in node]
    if isinstance(node, dict):
        return _mapping(node, known, conditions)
    return str(node) if isinstance(node, str) else node  # cfn-lint's strings know their line


def _mapping(node: Json, known: Mapping[str, Any], conditions: Mapping[str, bool]) -> Any:
    match [*node.items()]:
        case [("Ref", name)]:
            return known[name]
        case [("Fn::Sub", text)]:
            return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], text)
        case [("Fn::Equals", [one, other])]:
            return _value(one, known, conditions) == _value(other, known, conditions)
        case [("Fn::If", [name, yes, no])]:
            return _value(yes if conditions[name] else no, known, conditions)
    return {str(name): _value(each, known, conditions) for name, each in node.items()}


def make_bucket(connection: S3Connection, stack: Mapping[str, Json]) -> None:
    """Make the bucket for media as the stack says."""
    client, media = connection.client(), stack["Media"]
    name: Json = {"Bucket": media["BucketName"]}
    where: Any = {"LocationConstraint": connection.region}
    client.create_bucket(**name, CreateBucketConfiguration=where)
    client.put_public_access_block(
        **name, PublicAccessBlockConfiguration=media["PublicAccessBlockConfiguration"]
    )
    rules: Any = [_cors(each) for each in media["CorsConfiguration"]["CorsRules"]]
    client.put_bucket_cors(**name, CORSConfiguration={"CORSRules": rules})
    lasting: Any = [_lifecycle(each) for each in media["LifecycleConfiguration"]["Rules"]]
    client.put_bucket_lifecycle_configuration(**name, LifecycleConfiguration={"Rules": lasting})
    if "PublicRead" in stack:
        policy = json.dumps(stack["PublicRead"]["PolicyDocument"])
        client.put_bucket_policy(**name, Policy=policy)


def _cors(rule: Json) -> Json:
    words = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
    return {words.get(name, name): value for name, value in rule.items()}


def _lifecycle(rule: Json) -> Json:
    told: Json = {"ID": rule.pop("Id"), "Filter": {"Prefix": rule.pop("Prefix")}}
    if "ExpirationInDays" in rule:
        told["Expiration"] = {"Days": rule.pop("ExpirationInDays")}
    return {**told, **rule}
