"""Crate policies: cooldown, allow and block lists, licences and advisories, and their evaluation."""
