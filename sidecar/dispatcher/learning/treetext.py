"""Checks LightGBM's text of a model before LightGBM itself reads it, as that trusts every number in it.

A text that lies about its own sizes makes LightGBM read beyond its memory, and a child that points back makes it walk
for ever. So a text is taken only if each tree is one: arrays of the right lengths, finite numbers, known features, and
every node reached from the root once.
"""

import re
from collections.abc import Mapping, Sequence
from math import isfinite, nan

from dispatcher.learning.artifact import RankerBroken

_TREES_MAX = 4000
_LEAVES_MAX = 512
_DEPTH_MAX = 64
_END = "end of trees\n"
_HEADER = {
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "feature_names",
    "monotone_constraints", "feature_infos", "tree_sizes",
}  # fmt: skip
_INTEGERS = {"split_feature", "decision_type", "left_child", "right_child", "leaf_count", "internal_count"}
_REALS = {"split_gain", "threshold", "leaf_value", "leaf_weight", "internal_value", "internal_weight"}
_SINGLE = {"num_leaves", "num_cat", "is_linear", "shrinkage"}
_CATEGORIES = {"cat_boundaries", "cat_threshold"}
_OBJECTIVE = re.compile(r"(regression|huber|binary sigmoid:1|cross_entropy|custom)")
_WHOLE = re.compile(r"-?\d{1,10}")
_REAL = re.compile(r"-?\d{1,20}(\.\d{1,30})?(e[+-]?\d{1,3})?")
_LISTS = {
    "feature_names": re.compile(r"[A-Za-z0-9_.:-]{1,100}"),
    "feature_infos": re.compile(rf"none|\[{_REAL.pattern}:{_REAL.pattern}\]|-?\d{{1,9}}(:-?\d{{1,9}}){{0,1000}}"),
    "monotone_constraints": re.compile(r"-1|0|1"),
}
_FOREIGN = re.compile(r"[^ -~\n]")
_DECISIONS = set(range(12))  # bit 0: by category, 1: missing goes left, 2 and 3: what is missing
_BY_CATEGORY = 1


def without_parameters(text: str) -> str:
    """A model's text as it is kept: its trees alone, without how it was trained."""
    return text[: text.index(_END) + len(_END)]


def check_trees(text: str, features: int) -> None:
    """Raise RankerBroken unless the text is a sound model of so many features."""
    if _FOREIGN.search(text) or not text.startswith("tree\n") or not text.endswith(_END):
        raise RankerBroken("a model's text has no proper beginning or end")
    head, *blocks = text[: -len(_END)].split("Tree=")
    header = _pairs(head.removeprefix("tree\n"), _HEADER)
    _check_header(header, features)
    sizes = [_whole(size) for size in _words(header, "tree_sizes")]
    if sizes != [len("Tree=") + len(block) for block in blocks] or len(blocks) > _TREES_MAX:
        raise RankerBroken("a model's text has other trees than it says")
    if len(blocks) % _whole(header["num_tree_per_iteration"]):
        raise RankerBroken("a model's text ends within an iteration")
    for index, block in enumerate(blocks):
        number, _, body = block.partition("\n")
        if number != str(index):
            raise RankerBroken(f"tree {index} isn't where it should be")
        _check_tree(_pairs(body, _INTEGERS | _REALS | _SINGLE | _CATEGORIES), features)


def _check_header(header: Mapping[str, str], features: int) -> None:
    wanted = {"version": "v4", "max_feature_idx": str(features - 1), "label_index": "0"}
    if any(header.get(key) != value for key, value in wanted.items()):
        raise RankerBroken(f"a model's text isn't one of {features} features in format v4")
    classes = _whole(header.get("num_class", ""))
    if not 1 <= classes <= 16 or header.get("num_tree_per_iteration") != str(classes):
        raise RankerBroken("a model's text has an odd number of outputs")
    if not _OBJECTIVE.fullmatch(header.get("objective", "custom")):
        raise RankerBroken("a model's text names an objective that isn't ours")
    for key, pattern in _LISTS.items():
        words = header[key].split(" ") if key in header else []
        if (key in header and len(words) != features) or not all(pattern.fullmatch(word) for word in words):
            raise RankerBroken(f"a model's text has not one of its {key} for each feature")


def _check_tree(tree: Mapping[str, str], features: int) -> None:
    leaves = _whole(tree.get("num_leaves", ""))
    if not 1 <= leaves <= _LEAVES_MAX or tree.get("is_linear", "0") != "0":
        raise RankerBroken("a tree has too many leaves, or is of a kind that isn't ours")
    whole = {key: [_whole(word) for word in _words(tree, key)] for key in _INTEGERS}
    real = {key: [_real(word) for word in _words(tree, key)] for key in _REALS}
    lengths = {key: len(values) for key, values in whole.items()} | {key: len(values) for key, values in real.items()}
    for key, found in lengths.items():
        length = leaves if key.startswith("leaf_") else leaves - 1
        is_spared = leaves == 1 and key != "leaf_value" and found == 0  # a tree that is one leaf needn't weigh it
        if found != length and not is_spared:
            raise RankerBroken(f"a tree has {found} of {key} for {leaves} leaves")
    _real(tree.get("shrinkage", ""))
    if any(not 0 <= feature < features for feature in whole["split_feature"]):
        raise RankerBroken("a tree asks for a feature that isn't there")
    if not _DECISIONS.issuperset(whole["decision_type"]):
        raise RankerBroken("a tree decides in a way that isn't ours")
    by_category = [
        at for at, kind in zip(real["threshold"], whole["decision_type"], strict=True) if kind & _BY_CATEGORY
    ]
    _check_categories(tree, by_category)
    if leaves > 1:
        _check_shape(leaves, whole["left_child"], whole["right_child"])


def _check_categories(tree: Mapping[str, str], asked: Sequence[float]) -> None:
    """A split by category names a set of them: a run of 32-bit words between two boundaries."""
    sets = _whole(tree.get("num_cat", ""))
    bounds = [_whole(word) for word in _words(tree, "cat_boundaries")]
    words = [_whole(word) for word in _words(tree, "cat_threshold")]
    is_sound = (
        bounds == sorted(bounds) and bounds[:1] == [0] and bounds[-1:] == [len(words)] and len(bounds) == sets + 1
    )
    if not (is_sound if sets else not bounds and not words) or any(not 0 <= word < 1 << 32 for word in words):
        raise RankerBroken("a tree's categories aren't sound")
    if any(not at.is_integer() or not 0 <= at < sets for at in asked):
        raise RankerBroken("a tree asks for categories that aren't there")


def _check_shape(leaves: int, left: Sequence[int], right: Sequence[int]) -> None:
    """Walk from the root: each inner node, and each leaf (-1, -2, …), must be met once."""
    met: set[int] = set()
    ahead = [(0, 1)]
    while ahead:
        node, depth = ahead.pop()
        if node in met or not -leaves <= node < leaves - 1 or depth > _DEPTH_MAX:
            raise RankerBroken("a tree isn't a tree, or is too deep")
        met.add(node)
        if node >= 0:
            ahead += [(left[node], depth + 1), (right[node], depth + 1)]
    if len(met) != 2 * leaves - 1:
        raise RankerBroken("a tree has parts that nothing leads to")


def _pairs(text: str, known: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.rstrip("\n").split("\n"):  # an empty line within would be an end to LightGBM
        key, equals, value = line.partition("=")
        if not equals or "=" in value or key not in known or key in found:
            raise RankerBroken(f"a model's text has a line that isn't ours: {line[:40]!r}")
        found[key] = value
    return found


def _words(pairs: Mapping[str, str], key: str) -> list[str]:
    """The words of a list; LightGBM parts them by single spaces."""
    return pairs[key].split(" ") if pairs.get(key) else []


def _whole(word: str) -> int:
    if not _WHOLE.fullmatch(word):
        raise RankerBroken(f"{word[:40]!r} is no whole number")
    return int(word)


def _real(word: str) -> float:
    value = float(word) if _REAL.fullmatch(word) else nan
    if not isfinite(value):
        raise RankerBroken(f"{word[:40]!r} is no number, or has no end")
    return value
