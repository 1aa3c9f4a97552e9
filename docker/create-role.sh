#!/bin/sh
# Makes the portal's role and database at the first start. The role is no superuser.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set password="$PORTAL_PASSWORD" <<'SQL'
CREATE ROLE portal LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE portal OWNER portal;
SQL
