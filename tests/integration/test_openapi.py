"""The OpenAPI document is valid, and what is served is what it says."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.integration.conftest import Client
from tests.integration.killed import Kept


async def test_the_document_is_valid(client: Client) -> None:
    document = await client.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


async def test_every_field_of_a_request_is_described_in_snake_case(client: Client) -> None:
    schemas = (await client.get("/openapi.json"))["components"]["schemas"]
    assert "task_type" in schemas["DispatchBody"]["properties"]
    assert "max_tokens" in schemas["RequirementsBody"]["properties"]


@pytest.mark.heavy
@pytest.mark.timeout(180)
async def test_generated_requests_meet_only_answers_that_are_described(tmp_path: Path) -> None:
    """Schemathesis sends what the document allows and what it forbids, and checks each answer against it."""
    kept = Kept(tmp_path)
    await kept.start()
    try:
        token = (tmp_path / "admin.token").read_text().strip()
        checks = "status_code_conformance,content_type_conformance,response_schema_conformance"
        run = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"{kept.base_url}/openapi.json",
            *("--header", f"Authorization: Bearer {token}"),
            *("--checks", checks),
            *("--max-examples", "15"),
            *("--seed", "1"),
            "--no-color",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        told, _ = await run.communicate()
        assert run.returncode == 0, told.decode()[-6000:]
        assert int(re.findall(rb"(\d+) generated", told)[0]) > 100
        errors = await asyncio.to_thread(kept.text, "/metrics")
        assert 'code="invalid_request"' in errors
        assert "internal_error" not in errors
    finally:
        await kept.end(signal.SIGTERM)
