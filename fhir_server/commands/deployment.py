"""The models as the settings of a deployment make them speak, for commands without a server."""

from fhir_server.settings import Settings
from inference.predictor import Predictor
from inference.registry import Models
from terminology import catalogue as catalogue_room
from terminology.local_codes import LocalCodes
from terminology.release_relations import LoadedRelations
from terminology.releases.shelf import Shelf


def deployed(settings: Settings, registry: Models) -> Predictor:
    """Return the predictor of a deployment."""
    codes = settings.local_codes
    return Predictor(
        registry=registry,
        catalogue=catalogue_room.load(),
        zone=settings.zone,
        region=settings.region,
        validated=frozenset(settings.validated_models),
        local_codes=LocalCodes.load(codes) if codes else LocalCodes({}),
        risk_regions=settings.risk_regions,
        relations=LoadedRelations(Shelf(settings.releases_folder)),
    )
