# Sourced by scripts that need packages of the system. Only the suites of `make test-…` do; run and test never.

# install_packages "NAME …": installs Debian packages as root or through sudo, and says so; says what to do otherwise.
install_packages() {
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        echo "These packages are needed and only root can install them: apt-get install $1" >&2
        return 1
    fi
    echo "Installing with apt-get: $1"
    # shellcheck disable=SC2086  # one word a package
    $as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null' apt $1
}

# install_servers: the servers that a cluster is made of, as far as they are missing.
install_servers() {
    PATH=$PATH:/usr/sbin
    missing=
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
    command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
    command -v rabbitmq-server >/dev/null 2>&1 || missing="$missing rabbitmq-server"
    command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
    [ -z "$missing" ] || install_packages "${missing# }"
}
