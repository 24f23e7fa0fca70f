"""Whether rendered manifests keep what docs/kubernetes.md promises: promises.py FILE... [--binary BINARY]"""

import argparse
import re
import subprocess

import yaml

broken = []


def promise(kept, where, what):
    if not kept:
        broken.append(f"{where}: {what}")


def check_pod(where, spec, resources_wanted):
    promise(spec.get("automountServiceAccountToken") is False, where, "has no service-account token")
    for switch in ("hostNetwork", "hostPID", "hostIPC"):
        promise(not spec.get(switch), where, f"has no {switch}")
    for volume in spec["volumes"]:
        if path := volume.get("hostPath", {}).get("path"):
            promise(path == "/var/run/aesmd", where, f"has no other directory of the node than the socket's: {path}")
    seccomp = spec.get("securityContext", {}).get("seccompProfile")
    for container in spec.get("initContainers", []) + spec["containers"]:
        check_container(f"{where}, {container['name']}", container, seccomp)
    devices = {
        name.split("/")[0]: value
        for container in spec["containers"]
        for name, value in container["resources"]["limits"].items()
        if "/" in name
    }
    promise(set(devices) == resources_wanted, where, f"asks for the device plugin's resources: {devices}")


def check_container(where, container, seccomp):
    context = container.get("securityContext", {})
    promise(not context.get("privileged"), where, "is not privileged")
    promise(context.get("allowPrivilegeEscalation") is False, where, "cannot get privileges")
    promise(context.get("readOnlyRootFilesystem") is True, where, "has a read-only file system")
    promise(context["capabilities"]["drop"] == ["ALL"], where, "drops all capabilities")
    added = ["CHOWN"] if container["name"] == "socket-directory" else None
    promise(context["capabilities"].get("add") == added, where, "gets no capability but that of the socket's directory")
    promise(context.get("seccompProfile", seccomp) == {"type": "RuntimeDefault"}, where, "has the runtime's seccomp profile")
    if container["name"] in ("aesmd", "application"):
        promise(context.get("runAsNonRoot") is True, where, "is not root")


def check_daemon(where, spec, help_text):
    daemon = next(container for container in spec["containers"] if container["name"] == "aesmd")
    commands = [daemon["args"]]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        command = daemon[probe]["exec"]["command"]
        promise("/var/run/aesmd/aesm.socket" in command, where, f"{probe} asks through the socket")
        commands.append(command[1:])
    for arguments in commands:
        promise(arguments[0] == "aesmd", where, "runs the quote daemon")
        for flag in (argument for argument in arguments if argument.startswith("--")):
            known = help_text is None or re.search(rf"(^|[\s,]){flag}\b", help_text)
            promise(known, where, f"gives the daemon only flags that it has: {flag}")


def check_job(where, spec):
    application = spec["containers"][0]
    promise({"name": "SGX_AESM_ADDR", "value": "1"} in application["env"], where, "opts in")
    promise(application["volumeMounts"][0]["mountPath"] == "/var/run/aesmd", where, "has the socket")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--binary")
    arguments = parser.parse_args()
    help_text = None
    if arguments.binary:
        help_text = subprocess.run([arguments.binary, "aesmd", "--help"], check=True, capture_output=True, text=True).stdout
    plugins = {"intel": {"sgx.intel.com"}, "azure": {"kubernetes.azure.com"}, "base": set()}
    seen = 0
    for file in arguments.files:
        name = file.rsplit("/", 1)[-1]
        wanted = next(resources for plugin, resources in plugins.items() if name.startswith(plugin))
        with open(file, encoding="utf-8") as text:
            for document in yaml.safe_load_all(text):
                where = f"{name}, {document['kind']}"
                if document["kind"] in ("DaemonSet", "Job"):
                    seen += 1
                    spec = document["spec"]["template"]["spec"]
                    check_pod(where, spec, wanted)
                    if document["kind"] == "Job":
                        check_job(where, spec)
                    else:
                        check_daemon(where, spec, help_text)
    promise(seen == 5, "files", f"three DaemonSets and two Jobs, not {seen}")
    if broken:
        raise SystemExit("\n".join(f"broken promise: {line}" for line in broken))
    print(f"{seen} pods keep their promises")


if __name__ == "__main__":
    main()
