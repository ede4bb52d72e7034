from dataclasses import fields

import pytest

from backend_flask.settings import Settings, SettingsError, is_required, load, shown

REQUIRED = {
    "CONNECTION_URL": "postgresql://me:hush@db.example:5433/cruddur",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_COGNITO_USER_POOL_ID": "eu-central-1_abc",
    "AWS_COGNITO_USER_POOL_CLIENT_ID": "client",
    "FRONTEND_URL": "https://cruddur.example",
    "BACKEND_URL": "https://api.cruddur.example",
}
BY_NAME = {setting.name: setting for setting in fields(Settings)}


def complaint(environ: dict[str, str], needed: list[str] | None = None) -> str:
    with pytest.raises(SettingsError) as error:
        load(environ, needed)
    return str(error.value)


def test_the_required_settings_are_enough() -> None:
    settings = load(REQUIRED)
    assert {name: getattr(settings, name.lower()) for name in REQUIRED} == REQUIRED


def test_all_missing_settings_are_named_at_once_in_one_line() -> None:
    text = complaint({})
    assert all(f"{name} is missing" in text for name in REQUIRED)
    assert text.count("is missing") == len(REQUIRED)
    assert "\n" not in text


@pytest.mark.parametrize("name", REQUIRED)
def test_one_missing_setting_is_named_alone(name: str) -> None:
    for environ in ({k: v for k, v in REQUIRED.items() if k != name}, REQUIRED | {name: "  "}):
        text = complaint(environ)
        assert f"{name} is missing" in text
        assert text.count("is missing") == 1


def test_a_script_asks_only_for_what_it_needs() -> None:
    assert load({"AWS_DEFAULT_REGION": "us-east-1"}, ["aws_default_region"]).connection_url == ""
    text = complaint({"AWS_DEFAULT_REGION": "us-east-1"}, ["aws_default_region", "connection_url"])
    assert text.count("is missing") == 1


@pytest.mark.parametrize("value", ["http", "-1", "4567.0", "1e3", "0x10", "٤٥", "²", "4 5", "9" * 5000])
def test_a_wrong_number_is_named_with_the_rest(value: str) -> None:
    text = complaint({"PORT": value, "LOG_LEVEL": "info"})
    assert "PORT cannot be" in text
    assert "FRONTEND_URL is missing" in text
    assert len(text) < 2000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "loud"), ("LOG_LEVEL", "7"), ("AWS_POOL_SIZE", "0"), ("DB_POOL_SIZE", "0"),
        ("PORT", "65536"), ("RATE_LIMITS", "yes"), ("RATE_LIMITS", "0"),
    ],
)  # fmt: skip
def test_a_value_that_could_only_fail_later_is_refused(name: str, value: str) -> None:
    assert name in complaint(REQUIRED | {name: value})


def test_white_space_around_a_value_is_dropped() -> None:
    assert load(REQUIRED | {"PORT": " 80\n", "HOST": " ::1 "}).port == 80


def test_unknown_variables_are_not_ours() -> None:
    assert load(REQUIRED | {"PATH": "/bin", "port": "1"}).port == 4567


def test_a_setting_is_named_like_its_variable() -> None:
    values = {setting.name.upper(): "7" if setting.type == "int" else setting.name for setting in fields(Settings)}
    chosen = {"CRUDDUR_ENV": "local", "DB_SIGN_IN": "iam", "LOG_LEVEL": "debug", "RATE_LIMITS": "off"}
    settings = load(values | chosen)
    for setting in fields(Settings):
        if setting.name.upper() not in chosen:
            assert getattr(settings, setting.name) == (7 if setting.type == "int" else setting.name)


def test_the_names_that_cruddur_developers_know_are_kept() -> None:
    known = {"CONNECTION_URL", "PROD_CONNECTION_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB",
             "AWS_DEFAULT_REGION", "AWS_COGNITO_USER_POOL_ID", "AWS_COGNITO_USER_POOL_CLIENT_ID", "FRONTEND_URL",
             "BACKEND_URL", "DDB_MESSAGE_TABLE"}  # fmt: skip
    assert known <= {setting.name.upper() for setting in fields(Settings)}


def test_every_setting_has_a_meaning_and_a_type_that_load_knows() -> None:
    for setting in fields(Settings):
        assert setting.metadata["meaning"]
        assert setting.type in {"str", "int"}
        assert is_required(setting) == (setting.name.upper() in REQUIRED)


def test_the_key_set_can_be_elsewhere_only_on_a_laptop() -> None:
    elsewhere = {"AWS_COGNITO_JWKS_URL": "http://127.0.0.1:1/jwks.json"}
    for environment in ({}, {"CRUDDUR_ENV": "production"}, {"CRUDDUR_ENV": "Local"}, {"CRUDDUR_ENV": "local2"}):
        assert "AWS_COGNITO_JWKS_URL" in complaint(REQUIRED | elsewhere | environment)
    local = load(REQUIRED | elsewhere | {"CRUDDUR_ENV": "local"})
    assert local.jwks_url == elsewhere["AWS_COGNITO_JWKS_URL"]
    assert local.is_local


def test_without_a_word_it_is_production_and_the_key_set_is_the_pools_own() -> None:
    settings = load(REQUIRED)
    assert not settings.is_local
    assert settings.issuer == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
    assert settings.jwks_url == settings.issuer + "/.well-known/jwks.json"


def test_an_address_for_one_service_wins_over_the_one_for_all() -> None:
    assert load(REQUIRED).endpoint("dynamodb") is None
    settings = load(REQUIRED | {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_DYNAMODB": "http://table"})
    assert settings.endpoint("dynamodb") == "http://table"
    assert settings.endpoint("dynamodbstreams") == "http://all"
    assert settings.endpoint("cognito-idp") == "http://all"


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("connection_url", "postgresql://me:hush@db:5433/cruddur?sslkey=hush", "postgresql://me:***@db:5433/cruddur"),
        ("connection_url", "postgresql://me@db/cruddur", "postgresql://me@db/cruddur"),
        ("connection_url", "postgresql://me:hu%40sh@[::1]:1/x", "postgresql://me:***@[::1]:1/x"),
        ("connection_url", "postgresql://me:hu/sh@db:5433/x", "***"),
        ("connection_url", "postgresql://me:12/hush@db:5433/x", "***"),
        ("connection_url", "postgresql://me:hush@db:hush/x", "***"),
        ("connection_url", "postgresql://[hush", "***"),
        ("connection_url", "host=db password=hush", "***"),
        ("connection_url", "", ""),
        ("prod_connection_url", "postgresql://me:hush@db/cruddur", "postgresql://me:***@db/cruddur"),
        ("aws_secret_access_key", "hush", "***"),
        ("aws_secret_access_key", "hush/hush+//hush", "***"),
        ("frontend_url", "https://cruddur.example", "https://cruddur.example"),
        ("port", 4567, "4567"),
    ],
)
def test_a_person_never_sees_a_secret(name: str, value: object, seen: str) -> None:
    assert shown(BY_NAME[name], value) == seen


def test_the_complaint_about_a_wrong_setting_shows_no_secret() -> None:
    assert "hush" not in complaint({"CONNECTION_URL": REQUIRED["CONNECTION_URL"], "AWS_SECRET_ACCESS_KEY": "hush"})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        load(REQUIRED).port = 1  # type: ignore[misc]


def test_browsers_find_cognito_where_the_api_does_unless_it_is_said_otherwise() -> None:
    local = {"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://cognito:9229/"}
    assert load(REQUIRED).cognito_for_browsers is None
    assert load(REQUIRED | local).cognito_for_browsers == "http://cognito:9229"
    said = local | {"COGNITO_BROWSER_URL": "http://127.0.0.1:9229"}
    assert load(REQUIRED | said).cognito_for_browsers == "http://127.0.0.1:9229"
