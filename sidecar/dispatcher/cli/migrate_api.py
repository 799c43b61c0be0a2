"""Workflows read from an n8n over its public API. It is only ever asked with GET."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import aiohttp

from dispatcher.cli.faults import BadUsage, CommandFault
from dispatcher.cli.migrate_files import Found, WorkflowFile
from dispatcher.migration.indenting import indented
from dispatcher.migration.json_parts import Object, Unreadable, parse

API_KEY_VARIABLE = "N8N_API_KEY"
_PAGE = 50
_PAGES_MAX = 1000
_PAGE_BYTES_MAX = 64 * 2**20
_PATIENCE = aiohttp.ClientTimeout(total=60, sock_connect=5)
_ODD = re.compile(r"[^\w-]+")


class N8nFault(CommandFault):
    """An n8n doesn't give its workflows."""


def read_api_key(path: Path | None) -> str:
    """The key, from a file or the environment. Raises: BadUsage when there is none."""
    if path is None:
        key = os.environ.get(API_KEY_VARIABLE, "").strip()
    else:
        try:
            key = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadUsage(f"--api-key-file: {path} can't be read") from error
    if not key or not (key.isascii() and key.isprintable()):
        raise BadUsage(f"n8n's API key is missing: set {API_KEY_VARIABLE} or name a file with --api-key-file")
    return key


async def fetch_workflows(url: str, api_key: str, folder: Path) -> Found:
    """Read every workflow that the key may see, each as a file of its own to be. Raises: N8nFault, BadUsage."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise BadUsage(f"--n8n is {url!r}; it must look like http://127.0.0.1:5678")
    base = f"{url.rstrip('/').removesuffix('/api/v1')}/api/v1/workflows"
    files: list[WorkflowFile] = []
    async with aiohttp.ClientSession(headers={"X-N8N-API-KEY": api_key}, timeout=_PATIENCE, trust_env=False) as session:
        async for page in _pages(session, base):
            files += _files(page, folder, len(files))
    return Found(tuple(files))


async def _pages(session: aiohttp.ClientSession, base: str) -> AsyncIterator[str]:
    cursor: str | None = ""
    for _ in range(_PAGES_MAX):
        query = {"limit": str(_PAGE), **({"cursor": cursor} if cursor else {})}
        page = await _page(session, f"{base}?{urlencode(query)}")
        yield page
        root = _parsed(page)
        cursor = root.text("nextCursor")
        if not cursor:
            return
    raise N8nFault(f"n8n goes on after {_PAGES_MAX} pages; is --n8n right?")


async def _page(session: aiohttp.ClientSession, url: str) -> str:
    """One page. Redirects aren't followed: the key is for this n8n only."""
    try:
        async with session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise N8nFault(_refusal(response.status))
            content = await response.content.read(_PAGE_BYTES_MAX + 1)
            while len(content) <= _PAGE_BYTES_MAX and (more := await response.content.read(2**20)):
                content += more
    except (aiohttp.ClientError, TimeoutError) as error:
        raise N8nFault(f"no n8n answers at {url.partition('/api/v1')[0]}") from error
    if len(content) > _PAGE_BYTES_MAX:
        raise N8nFault(f"n8n's answer is longer than {_PAGE_BYTES_MAX // 2**20} MiB; export the workflows to files")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise N8nFault("n8n's answer isn't UTF-8; is --n8n right?") from error


def _refusal(status: int) -> str:
    if status in (401, 403):
        return f"n8n answers {status}: the API key is wrong, or may not list workflows (scope workflow:list)"
    if status == 404:
        return "n8n answers 404: its public API is switched off, or --n8n isn't right"
    return f"n8n answers {status}; is --n8n right?"


def _parsed(page: str) -> Object:
    try:
        root = parse(page, _PAGE_BYTES_MAX)
    except Unreadable as error:
        raise N8nFault(f"n8n's answer isn't JSON that can be read ({error})") from error
    if not isinstance(root, Object):
        raise N8nFault("n8n's answer isn't a list of workflows; is --n8n right?")
    return root


def _files(page: str, folder: Path, before: int) -> list[WorkflowFile]:
    files = []
    for number, item in enumerate(_parsed(page).array("data"), before + 1):
        name = item.text("name") if isinstance(item, Object) else None
        identity = item.text("id") if isinstance(item, Object) else None
        stem = "-".join(_ODD.sub("-", part)[:60].strip("-") for part in (name or "workflow", identity or str(number)))
        files.append(WorkflowFile(stem, stem, folder, indented(page, item) + "\n", is_named=True))
    return files
