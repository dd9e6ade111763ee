"""Custom actions in Rasa's own process (docs/adr/0002): no action server that can be down, hang or echo what was typed.

``InProcessActions`` stands where Rasa expects an action server's address. ``rasa run actions`` still works for those
who split the two: name its address in endpoints.yml.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Optional

from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection as SdkRejection

logger = logging.getLogger(__name__)

UNAVAILABLE = "utter_courtesy_unavailable"


class InProcessActions(EndpointConfig):
    """Runs the package ``actions`` where Rasa would call an action server.

    An action that fails says so to the customer (``utter_courtesy_unavailable``) and changes nothing; the log gets
    the error without what was typed.
    """

    def __init__(self, package: str = "actions") -> None:
        super().__init__(url="in-process")
        self._executor = ActionExecutor()
        self._executor.register_package(package)

    async def request(
        self,
        method: str = "post",
        subpath: Optional[str] = None,
        content_type: Optional[str] = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Optional[Any]:
        """Run the action named in ``kwargs['json']`` and return its events and responses."""
        call = kwargs["json"]
        try:
            return await self._executor.run(call)
        except SdkRejection as rejection:
            body = json.dumps({"action_name": rejection.action_name, "error": rejection.message})
            raise ClientResponseError(400, rejection.message, body) from rejection
        except Exception as error:
            logger.error("action %s failed: %s", call.get("next_action"), type(error).__name__, exc_info=error)
            return {"events": [], "responses": [{"response": UNAVAILABLE}]}
