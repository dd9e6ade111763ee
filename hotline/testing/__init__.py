"""Conversation tests: talk written down in YAML, played through the real product in one process (docs/testing.md).

    loader     a file of test cases, each step with its line          schema.json   the same for editors
    stage      the world of one test: database, clock, faults, door   faults        backends that are down
    runner     plays the steps and compares                           evidence      what happened outside the talk
    trace      which rule decided, what was understood                report        a failure as a reader wants it
    coverage   what no test reaches (console, HTML, JSON, gate)       plugin        all of it under pytest
"""
