"""Manifests of two pods, and files in a folder."""

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec: {containers: [{name: app, image: 'app:1'SECURITY}]}\n"
PRIVILEGED = POD.replace("SECURITY", ", securityContext: {privileged: true}")
PLAIN = POD.replace("SECURITY", "")


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
