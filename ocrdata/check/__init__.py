"""Checks any artefact completely: `artefact` finds out what it is, `parts` checks each kind."""
