"""The paths of the account page."""

from django.urls import path

from pulp_cargo.app.accounts import views

app_name = "cargo_account"
urlpatterns = [
    path("", views.AccountView.as_view(), name="account"),
    path("tokens/<uuid:pk>/revoke/", views.RevokeView.as_view(), name="revoke"),
    path("login/", views.SignInView.as_view(), name="login"),
    path("logout/", views.SignOutView.as_view(), name="logout"),
    path("style.css", views.StyleView.as_view(), name="style"),
]
