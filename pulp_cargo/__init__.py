default_app_config = "pulp_cargo.app.CargoAppConfig"
