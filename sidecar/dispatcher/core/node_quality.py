"""How good each model has been at one node of a workflow, weighed against what the text alone lets expect."""

from collections import OrderedDict
from collections.abc import Sequence

_TEXT_TRIES = 20.0  # what a forecast from the text is worth, in the node's own outcomes
_FADING = 0.5 ** (1 / 300)  # a node's prompt may be rewritten: after 300 outcomes an older one counts half
_KEYS_MAX = 8192


class NodeQuality:
    """Learns outcomes by node. A node asks one kind of question, so its own mean soon beats any reading of its text.

    Source: empirical Bayes with the text's forecast as the prior mean; it is off a node's true mean by about 0.1, one
    outcome by 0.45, so it is worth (0.45 ÷ 0.1)² = 20 outcomes.
    """

    def __init__(self, keys_max: int = _KEYS_MAX) -> None:
        self._keys_max = keys_max
        self._seen: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()  # tries, sum of qualities

    def learn(self, node: str, model_id: str, quality: float, weight: float = 1.0) -> None:
        """Take in one outcome, 0 to 1, which counts `weight` times as much as most."""
        tries, total = self._seen.get((node, model_id), (0.0, 0.0))
        self._seen[node, model_id] = tries * _FADING + weight, total * _FADING + weight * quality
        self._seen.move_to_end((node, model_id))
        if len(self._seen) > self._keys_max:
            self._seen.popitem(last=False)

    def blend(self, node: str, model_ids: Sequence[str], expected: Sequence[float]) -> tuple[float, ...]:
        """Expected quality of each model at this node; `expected` is what the text lets expect of it."""
        found = []
        for model_id, text in zip(model_ids, expected, strict=True):
            tries, total = self._seen.get((node, model_id), (0.0, 0.0))
            found.append((total + _TEXT_TRIES * text) / (tries + _TEXT_TRIES))
        return tuple(found)

    def forget(self, model_id: str) -> None:
        """Drop what is known of a model, as when its weights have changed."""
        for key in [key for key in self._seen if key[1] == model_id]:
            del self._seen[key]

    def __len__(self) -> int:
        """How many pairs of node and model are remembered."""
        return len(self._seen)
