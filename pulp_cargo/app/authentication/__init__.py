"""Additional ways to authenticate to Pulp's REST API, for Django's and DRF's settings."""
