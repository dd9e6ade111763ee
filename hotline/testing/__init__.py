"""Conversation tests: talk written down in YAML, played through the real product in one process (docs/testing.md).

``loader`` reads a file of test cases (``schema.json`` is the same for editors), ``stage`` is the world of one test
(database, clock, door; ``faults`` are backends that are down), ``runner`` plays the steps and compares, ``evidence``
looks at what happened outside the talk, ``trace`` tells which rule decided, ``report`` shows a failure, ``coverage``
tells what no test reaches, and ``plugin`` brings all of it under pytest.
"""
