// Modules whose custom resource definitions the rehearsal installs. No Go code is compiled: they are fetched, checked
// against go.sum, and their YAML files are read (rehearsal/tools/crds.ts).
module pilotlight/tools/crds

// What the newest of these modules asks for.
go 1.26.6

require (
	// Tag v25.10.1. The project's tags are no Go versions (v25 without /v25), so this is the commit of the tag.
	github.com/NVIDIA/gpu-operator v1.8.3-0.20251203194844-846018752b8a
	github.com/aws/karpenter-provider-aws v1.14.1
	github.com/kedacore/keda/v2 v2.20.2
	github.com/prometheus-operator/prometheus-operator v0.93.1
	// The commit of tag v3.3.0; config/crd/bases is the same in v3.5.0.
	sigs.k8s.io/aws-load-balancer-controller v0.0.0-20260505182222-46816a2070db
	sigs.k8s.io/gateway-api-inference-extension v1.5.0
)
