"""Quality from the catalogue, corrected by what was said of answers."""

from dispatcher.core.forecast import Work
from dispatcher.core.task import PLAIN_TEXT, Complexity, Context, TaskType
from dispatcher.learning.table_quality import TableQuality
from tests.unit.core.builders import big, quality, spec
from tests.unit.core.lessons import lesson

HERE = Context(workflow_id="w", node_id="n")
ELSEWHERE = Context(workflow_id="w", node_id="other")


def work(context: Context = HERE, task_type: TaskType = TaskType.CHAT) -> Work:
    return Work(task_type, Complexity.LOW, 20, 100, PLAIN_TEXT, context=context)


def test_without_a_word_the_catalogue_speaks() -> None:
    (expected,) = TableQuality().expect(None, work(), (spec(quality=quality(0.7)),))
    assert (expected.quality, expected.tries) == (0.7, 0)


def test_a_small_model_that_is_good_enough_at_a_node_is_known_to_be_there() -> None:
    small, table = spec(quality=quality(0.5)), TableQuality()
    for _ in range(20):
        table.learn(lesson(small, 1.0, context=HERE, shared_weight=0.0))
    ((here, _, tries),) = table.expect(None, work(HERE), (small,))
    ((there, _, _),) = table.expect(None, work(ELSEWHERE), (small,))
    assert here > 0.85
    assert tries >= 15
    assert there == 0.5


def test_what_counts_for_others_moves_them_too() -> None:
    small, table = spec(quality=quality(0.8)), TableQuality()
    for _ in range(30):
        table.learn(lesson(small, 0.2, context=HERE))
    ((there, _, _),) = table.expect(None, work(ELSEWHERE), (small,))
    assert there < 0.45


def test_a_model_entered_anew_starts_from_the_catalogue() -> None:
    small, other, table = spec(quality=quality(0.8)), big(), TableQuality()
    for one in (small, other):
        for _ in range(10):
            table.learn(lesson(one, 0.1, context=HERE))
    table.reset(small.id)
    (mine, _, _), (theirs, _, _) = table.expect(None, work(ELSEWHERE), (small, other))
    assert mine == 0.8
    assert theirs < 0.6
