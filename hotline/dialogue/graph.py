"""Runs the graph of a trained model: each node once, in order, in this thread, without a scheduler in between.

Rasa's ``DaskGraphRunner`` finds the needed nodes and plans their order anew for every message and every prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.storage import ModelStorage

Step = Callable[[Mapping[str, Any]], Any]


class DirectGraphRunner(DaskGraphRunner):
    """Rasa's runner with its plan made once for each set of targets."""

    def __init__(
        self,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: Optional[list[GraphNodeHook]] = None,
    ) -> None:
        """See Rasa's."""
        super().__init__(graph_schema, model_storage, execution_context, hooks)
        self._plans: dict[tuple[str, ...], list[tuple[str, Step]]] = {}

    def run(self, inputs: Optional[dict[str, Any]] = None, targets: Optional[list[str]] = None) -> dict[str, Any]:
        """See Rasa's; what a component raises is raised as it is."""
        wanted = tuple(targets or self._graph_schema.target_names)
        plan = self._plans.get(wanted)
        if plan is None:
            plan = self._plans[wanted] = self._planned(wanted)
        known = dict(inputs or {})
        for name, step in plan:
            known[name] = step(known)
        return {name: known[name] for name in wanted}

    def _planned(self, targets: tuple[str, ...]) -> list[tuple[str, Step]]:
        nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
        order: list[str] = []

        def visit(name: str) -> None:
            if name in nodes and name not in order:
                for need in nodes[name].needs.values():
                    visit(need)
                order.append(name)

        for name in targets:
            visit(name)
        return [(name, _step(self._instantiated_nodes[name], nodes[name].needs)) for name in order]


def _step(node: GraphNode, needs: Mapping[str, str]) -> Step:
    """A node as a function of all that is known; its component is called where the node would only do that."""
    if not node._eager or node._hooks:
        return lambda known: node(*[(need, known[need]) for need in needs.values()])[1]
    function, component = node._fn, node._component
    return lambda known: function(component, **{name: known[need] for name, need in needs.items()})
