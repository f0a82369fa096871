"""Where the card of a model is found: on cards, in records and in the page itself."""

from urllib.parse import quote

from inference.contract import ModelDefinition


def model_card_url(public_url: str, model: ModelDefinition) -> str:
    """Return the absolute address of the card of exactly this version."""
    return f"{public_url}/models/{quote(model.id)}/card?version={quote(model.version, safe='')}"
