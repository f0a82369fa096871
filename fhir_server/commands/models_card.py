"""`attending models show ID --card FILE`: a model's card as a page, without a server."""

import argparse
from importlib.metadata import version
from pathlib import Path

from fhir_server.commands.models_view import chosen
from fhir_server.model_cards.page import page
from fhir_server.model_cards.subject import Deployment, Subject
from fhir_server.model_cards.words import Words
from fhir_server.models_in_service import open_shelf
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from inference.registry import ModelRefused
from inference.releases import package
from terminology import catalogue


def write(settings: Settings, options: argparse.Namespace) -> int:
    """Write the card of one version in the language of the settings; a file there is replaced."""
    shelf = open_shelf(settings)
    item = chosen(shelf.view.items, options.id, options.version)
    if item.refusal is not None:
        raise ModelRefused(item.refusal.en, item.refusal.zh)
    model = shelf.held(item.id, item.version)
    if model is None:
        raise ModelRefused(f"{item.name}: is not here", f"{item.name}：不存在")
    deployment = Deployment(
        settings.public_url,
        settings.region,
        frozenset(settings.validated_models),
        f"attending {version('attending')}",
        catalogue.load(),
    )
    written = page(Subject(model, str(item.state), deployment), Words(settings.language))
    package.replace(Path(options.card), written.encode())
    print(say(settings.language, "models.card-written", name=item.name, file=options.card))
    return 0
