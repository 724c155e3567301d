#!/bin/sh
# Put the distribution's Python into a prefix of its own, as a conda environment would be: not a
# virtual environment (there, pip as a plain user fails; here it falls back to the user's site).
set -eu
prefix=$1
version=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
mkdir -p "$prefix/bin" "$prefix/lib"
cp "/usr/bin/python$version" "$prefix/bin/"
ln -s "python$version" "$prefix/bin/python3"
ln -s "python$version" "$prefix/bin/python"
cp -r "/usr/lib/python$version" "$prefix/lib/"
library=$prefix/lib/python$version
rm -f "$library/EXTERNALLY-MANAGED"
# Undo Debian's own layout (local/lib/.../dist-packages) in this copy: where packages are installed
# to, and where they are looked for (the module that decides this is compiled into the program).
sed -i "s#= 'posix_local'#= 'posix_prefix'#; s#', 'posix_local')#', 'posix_prefix')#" "$library/sysconfig.py"
rm -f "$library/sitecustomize.py"
cat >"$library/sitecustomize.py" <<PYTHON
import site
site.addsitedir("$library/site-packages")
PYTHON
find "$library" -name __pycache__ -prune -exec rm -r {} +
mkdir -p "$library/site-packages"
where=$("$prefix/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
test "$where" = "$library/site-packages" || { echo "packages would go to $where" >&2; exit 1; }
"$prefix/bin/python3" "$(ls /usr/share/python-wheels/pip-*.whl)/pip" \
  install --no-cache-dir -q pip setuptools wheel
"$prefix/bin/pip" --version
