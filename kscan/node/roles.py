"""For what a file of a node stands: the words by which checks ask for it."""

MANIFEST = "{} manifest"
CNI_CONFIG = "cni configuration"
CNI_ADDRESSES = "cni addresses"
ETCD_DATA = "etcd data"
ADMIN = "admin kubeconfig"
SCHEDULER = "scheduler kubeconfig"
CONTROLLER_MANAGER = "controller-manager kubeconfig"
PKI = "pki"
CERTIFICATE = "pki certificate"
KEY = "pki key"
KUBELET_UNIT = "kubelet unit"
KUBELET_KUBECONFIG = "kubelet kubeconfig"
KUBELET_CONFIG = "kubelet configuration"
CLIENT_CA = "kubelet client ca"
PROXY = "kube-proxy kubeconfig"
AZURE = "azure configuration"

# Folders of which every file counts.
TREES = (PKI, CNI_CONFIG, CNI_ADDRESSES)
# What there is beside what a running program names.
BESIDE = (PKI, CNI_ADDRESSES, ADMIN)
