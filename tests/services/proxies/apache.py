"""Apache as a process, with what Debian's configuration loads."""

from pathlib import Path

from proxy import configure, running, with_system_trust, work

MODULES = "mpm_event authn_core authz_core authz_user proxy proxy_http".split()

MAIN = """\
ServerRoot {folder}
ServerName localhost
PidFile apache.pid
ErrorLog error.log
User www-data
Group www-data
{modules}
Include {configuration}
"""


def apache(module, ports):
    """Runs Apache with that module and its configuration."""
    configuration = configure(f"mod_{module}.conf", ports)
    modules = "\n".join(f"LoadModule {one}_module /usr/lib/apache2/modules/mod_{one}.so" for one in [*MODULES, module])
    main = Path(work.name, "apache2.conf")
    main.write_text(MAIN.format(folder=work.name, modules=modules, configuration=configuration))
    return running(with_system_trust(["/usr/sbin/apache2", "-f", str(main), "-D", "FOREGROUND"]), ports)
