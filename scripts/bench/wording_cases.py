"""Prompts whose answers can be checked: labels, and values to be found in a text."""

import random
from dataclasses import dataclass

from dispatcher.core.task import PLAIN_TEXT, FormatKind, OutputFormat

_SENTIMENT = "Classify the sentiment of this review as positive, negative or neutral:\n"
_DEPARTMENT = "Which department should handle this ticket: billing, technical or sales?\n\n"
_REVIEWS = {
    "positive": (
        "The delivery came two days early and the staff were lovely.",
        "Best headphones I have ever owned!",
        "Setup took five minutes and everything just worked.",
        "I love how quiet this fan is.",
        "Support refunded me within an hour, fantastic service.",
        "A wonderful gift, my daughter was delighted.",
        "Great value for the price, highly recommended.",
    ),
    "negative": (
        "My order arrived broken and nobody answers my mails.",
        "I will never buy from this shop again.",
        "The app crashes every time I open it.",
        "Terrible sound, cheap plastic, a waste of money.",
        "The soup was cold and the waiter rude.",
        "It stopped working after one week.",
        "I waited three hours and then they cancelled.",
    ),
    "neutral": (
        "The parcel was delivered on Tuesday.",
        "The manual has forty pages.",
        "The invoice is attached to this message.",
        "The store opens at nine o'clock.",
        "The meeting was moved to room 12.",
        "The box contains two cables and a charger.",
    ),
}
_TICKETS = {
    "billing": (
        "I was charged twice for my subscription.",
        "Please send me a copy of my last invoice.",
        "My credit card was declined although it is valid.",
        "I want my money back for last month.",
    ),
    "technical": (
        "The app shows a blank screen after login.",
        "The export button does nothing.",
        "I get error 500 when I upload a file.",
        "The sync is stuck at 99 percent.",
    ),
    "sales": (
        "Do you offer a discount for schools?",
        "How much is the enterprise plan?",
        "Can I get a demo for my team?",
        "We would like to buy 50 licences.",
    ),
}
_PEOPLE = (
    "{name}, {age}, has lived in {city} since spring.",
    "The prize went to {age}-year-old {name} of {city}.",
    "{name} works as a nurse in {city} and is {age} years old.",
    "In {city} we met {name}, aged {age}, who sells maps.",
    "At {age}, {name} of {city} still repairs clocks.",
)
_ORDERS = (
    "Order {order_id}: {quantity} {product}, please.",
    "We still miss {quantity} {product} from order {order_id}.",
    "{quantity} {product} were returned; the order was {order_id}.",
    "Add {quantity} more {product} to order {order_id}.",
    "Please ship {quantity} {product} under order number {order_id}.",
)
_FIRST = ("Ivan", "Clara", "Mehmet", "Noor", "Olga", "Paul", "Rita", "Sven", "Tara", "Yann", "Zoe", "Bella", "Emil")
_LAST = ("Moreno", "Fischer", "Yilmaz", "Larsen", "Petrov", "Dubois", "Costa", "Berg", "Shah", "Rossi")
_CITIES = ("Rome", "Paris", "Hamburg", "Warsaw", "Athens", "Nairobi", "Lima", "Seoul", "Toronto", "Hanoi")
_PRODUCTS = ("forks", "pens", "bags", "lids", "mugs", "tiles", "belts", "ropes", "bulbs", "towels")


@dataclass(frozen=True, slots=True)
class Case:
    """A prompt, and what its answer has to be: a label, or the values of a JSON object."""

    prompt: str
    output: OutputFormat
    answer: object


def labels() -> list[Case]:
    """Texts to be put into one of three classes."""
    reviews = [(_SENTIMENT + text, label) for label, texts in _REVIEWS.items() for text in texts]
    tickets = [(_DEPARTMENT + text, label) for label, texts in _TICKETS.items() for text in texts]
    return [Case(prompt, PLAIN_TEXT, label) for prompt, label in reviews + tickets]


def values(count: int, seed: int = 7) -> list[Case]:
    """Sentences about people and orders, made by lot, half of each."""
    rng = random.Random(seed)  # noqa: S311 - the same sentences each time
    return [_person(rng) if place % 2 else _order(rng) for place in range(count)]


def _person(rng: random.Random) -> Case:
    name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    found = {"name": name, "age": rng.randint(18, 80), "city": rng.choice(_CITIES)}
    return _case("Extract the person from this text:\n", rng.choice(_PEOPLE), found)


def _order(rng: random.Random) -> Case:
    found = {"order_id": rng.randint(100, 9999), "quantity": rng.randint(2, 60), "product": rng.choice(_PRODUCTS)}
    return _case("Extract the order:\n", rng.choice(_ORDERS), found)


def _case(task: str, sentence: str, found: dict[str, str | int]) -> Case:
    kinds = {name: {"type": "integer" if isinstance(value, int) else "string"} for name, value in found.items()}
    schema = {"type": "object", "properties": kinds, "required": list(found), "additionalProperties": False}
    return Case(task + sentence.format(**found), OutputFormat(FormatKind.JSON_SCHEMA, schema), found)
