"""The adapter's verbs against jambonz's own validator, as the npm package ``@jambonz/schema`` has it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from hotline.channels.ivr.jambonz import Targets, render
from hotline.channels.ivr.prompts import say
from hotline.settings import ROOT
from tests.channels.ivr.jambonz_line import schemas

pytestmark = pytest.mark.services

MODULES = ROOT / ".tools" / "jambonz" / "node_modules"
LISTEN = {"speech": True, "digits": {"max": 11, "end": "#"}, "timeout_ms": 8000, "lang": "zh-CN", "secret": False}
CONTEXT = {"conversation": "c1", "user_to_user": "id=c1;verified=1"}
VALIDATE = """
const {validateApp} = require('@jambonz/schema');
const apps = JSON.parse(require('fs').readFileSync(0, 'utf-8'));
for (const app of apps) { const r = validateApp(app); if (r && r.valid === false) throw new Error(JSON.stringify(r)); }
"""


def node(script: str, given: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", "-e", script],
        input=json.dumps(given),
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_kind_of_answer_is_valid() -> None:
    refer = Targets({"agent": "sip:agent@pbx.example"}, refer=True)
    dial = Targets({"agent": "+861082100000"})
    lasts = [
        {"listen": LISTEN},
        {"transfer": {"target": "agent", "context": CONTEXT}},
        {"continue": {}},
        {"hangup": {"reason": "finished"}},
    ]
    apps = [
        render([say("一。"), say("二。", barge_in=False), last], "e1", targets)
        for last in lasts
        for targets in (refer, dial)
    ]
    result = node(VALIDATE, [*apps, render([], "e1", dial)])
    assert result.returncode == 0, result.stderr


def test_the_validator_finds_a_wrong_verb() -> None:
    assert node(VALIDATE, [[{"verb": "redirect"}]]).returncode != 0


def test_our_copy_of_the_schemas_is_the_packages() -> None:
    stripped = {name: bare(schema) for name, schema in schemas().items()}
    for name, schema in stripped.items():
        path = (
            MODULES
            / "@jambonz"
            / "schema"
            / (name.removeprefix("https://jambonz.org/schema/").replace("sip:", "sip-") + ".schema.json")
        )
        assert bare(json.loads(path.read_text(encoding="utf-8"))) == schema, path


def bare(value: Any) -> Any:
    """A schema without descriptions and examples."""
    if isinstance(value, dict):
        dropped = ("description", "examples")
        return {k: bare(v) for k, v in value.items() if not (k in dropped and not isinstance(v, dict))}
    return [bare(item) for item in value] if isinstance(value, list) else value
