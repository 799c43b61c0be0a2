"""Measures what Ollama's and OpenAI's protocols cost a caller; see `scripts/bench/dropin`.

Streams: each piece holds the moment at which the inference server wrote it; the same streams go directly and through
the sidecar, by turns. Embeddings: the same batches go to two real llama.cpp servers, one of them behind the sidecar.
"""

import argparse
import json

from scripts.bench.dropins.embeddings import Embeddings, embeddings
from scripts.bench.dropins.streams import Streams, streams
from scripts.bench.table import Row, print_table


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    parser = argparse.ArgumentParser(prog="scripts/bench/dropin", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--rounds", type=int, default=60, help="streams through each protocol (60)")
    parser.add_argument("--batches", type=int, default=15, help="batches of 64 texts each way (15)")
    options = parser.parse_args()
    streamed, embedded = streams(options.rounds), embeddings(options.batches)
    print_table(_rows(streamed, embedded), to_stderr=options.json)
    if options.json:
        numbers = {
            "first_byte_forward_ms": streamed.worst_ms,
            "embedding_overhead_ratio": embedded.overhead_ratio,
            "openai_first_byte_ms": streamed.openai_ms,
            "ollama_first_byte_ms": streamed.ollama_ms,
            "proxy_first_byte_ms": streamed.proxy_ms,
            "embedding_batch_s": embedded.ours_s,
            "bare_embedding_batch_s": embedded.bare_s,
        }
        print(json.dumps({name: round(number, 4) for name, number in numbers.items()}))


def _rows(streamed: Streams, embedded: Embeddings) -> list[Row]:
    proxy = f"{streamed.proxy_ms:.2f} ms"
    ours, bare = f"{embedded.ours_s * 1000:.0f} ms", f"{embedded.bare_s * 1000:.0f} ms"
    return [
        Row("OpenAI: first piece held up for, median", f"{streamed.openai_ms:.2f} ms", "bare aiohttp proxy", proxy),
        Row("Ollama: first piece held up for, median", f"{streamed.ollama_ms:.2f} ms", "bare aiohttp proxy", proxy),
        Row("64 short texts to vectors, median", ours, "llama.cpp itself", bare),
        Row("Overhead of that, median of pairs", f"{embedded.overhead_ratio:+.1%}", "llama.cpp itself", "0"),
    ]


main()
