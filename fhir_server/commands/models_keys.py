"""`attending models keygen|sign|sign-shipped`: who vouches for a model."""

import argparse
import sys
from pathlib import Path

from fhir_server.settings import Settings
from fhir_server.text_catalogue import say
from inference.registry import ModelRefused, ModelRegistry
from inference.releases import handling, package, shipping
from security.signatures import PUBLIC_SUFFIX, KeyRefused, generate


def keygen(settings: Settings, options: argparse.Namespace) -> int:
    """Make a key pair: the private key for its owner alone, the public key beside it."""
    path = Path(options.file)
    try:
        public = generate(path)
    except KeyRefused as refused:
        raise ModelRefused(str(refused)) from refused
    told = {"private": path, "public": f"{path}{PUBLIC_SUFFIX}", "key_id": public.id}
    print(say(settings.language, "models.key-made", **told))
    return 0


def sign(settings: Settings, options: argparse.Namespace) -> int:
    """Sign a release where it lies."""
    handling.sign_in_place(Path(options.file), Path(options.key))
    print(say(settings.language, "models.signed", file=options.file))
    return 0


def sign_shipped(settings: Settings, options: argparse.Namespace) -> int:
    """Sign the list of the models that ship; from now on exactly those may be served."""
    digests = {
        (m.definition.id, m.definition.version): m.manifest_digest for m in ModelRegistry.discover()
    }
    listed = shipping.render(digests)
    signature = handling.signature(listed, Path(options.key))
    folder = settings.models_folder
    folder.mkdir(parents=True, exist_ok=True)
    package.replace(folder / shipping.LIST, listed)
    package.replace(folder / shipping.LIST_SIGNATURE, signature)
    said = say(settings.language, "models.shipped-signed", count=len(digests), folder=folder)
    print(said)
    if not settings.models_trusted_keys:
        print(say(settings.language, "models.trust-it"), file=sys.stderr)
    return 0
