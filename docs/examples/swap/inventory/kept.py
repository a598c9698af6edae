"""What callers saw of the operations that were exposed as they are: the system's words then, and ours from now on.

`contract/wms-4.2.json` is the pinned contract of the system before, as it lay in `contract/wms.contract.json`.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, WithJsonSchema

_BEFORE = json.loads((Path(__file__).parent / "contract" / "wms-4.2.json").read_text("utf-8"))["operations"]

Item = Annotated[dict[str, Any], WithJsonSchema(_BEFORE["GetItem"]["output"])]
Items = Annotated[dict[str, Any], WithJsonSchema(_BEFORE["ListItems"]["output"])]
Movements = Annotated[dict[str, Any], WithJsonSchema(_BEFORE["ListMovements"]["output"])]

OldSku = Annotated[str, StringConstraints(pattern=r"^(?:[A-Z]-[0-9]{3})$")]
OldSite = Literal["LILLE", "LYON", "NICE"]
Limit = Annotated[int, Field(ge=1, le=10_000)]
