"""The pages of the API app, beside the REST API; Pulp includes this at its root."""

from django.urls import include, path

from pulp_cargo.app.queries.registry.account_url import ACCOUNT_PATH

urlpatterns = [path(ACCOUNT_PATH, include("pulp_cargo.app.accounts.urls"))]
