"""Rasa's generator of responses without chance: the first variation that fits is said.

Every response has one default variation (docs/architecture.md), so there is nothing to draw lots for; Rasa does so with
NumPy, and copies every response deeply first.
"""

from __future__ import annotations

import copy
from typing import Any, Optional

from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator

# What Rasa fills in where it stands, inside the lists and mappings of the response.
_FILLED_IN_PLACE = ("buttons", "custom", "attachment", "quick_replies")


class PlainGenerator(TemplatedNaturalLanguageGenerator):
    """Rasa's generator; of several variations for one situation it takes the first."""

    def generate_from_slots(
        self, utter_action: str, filled_slots: dict[str, Any], output_channel: str, **kwargs: Any
    ) -> Optional[dict[str, Any]]:
        """See Rasa's; None when domain.yml has no such response for the channel."""
        if utter_action not in self.responses:
            return None
        variations = ResponseVariationFilter(self.responses).responses_for_utter_action(
            utter_action, output_channel, filled_slots
        )
        if not variations:
            return None
        response = dict(variations[0])
        for key in _FILLED_IN_PLACE:
            if key in response:
                response[key] = copy.deepcopy(response[key])
        filled: dict[str, Any] = self._fill_response(response, filled_slots, **kwargs)
        return filled
