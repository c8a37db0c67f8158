#!/usr/bin/env bash
# Objects that people would miss, and the comparison of everything in the cluster before and after. Sourced by scripts/rehearse.

readonly config_maps=1000

workload() {
    local pause
    pause=$(inside ctr --namespace k8s.io images ls -q | sed -n '/\/pause:/p' | sed -n 1p)
    { workload_objects "$pause" | inside kubectl create -f - && inside kubectl wait --for condition=Established crd/lamps.rehearsal.example --timeout 60s
        workload_instances | inside kubectl create -f - ; } >/dev/null || fail 'the workload cannot be created'
    # kubectl would ask for each of them at its leisure.
    inside bash -c "$(cat <<'END'
        server=$(sed -n 's/^ *server: *//p' /etc/kubernetes/controller-manager.conf | sed -n 1p)
        for ((each = 1; each <= $1; each++)); do
            printf 'url = "%s/api/v1/namespaces/rehearsal/configmaps"\nrequest = POST\nheader = "Content-Type: application/json"\n' "$server"
            printf 'insecure\nsilent\nfail\noutput = /dev/null\ncert = /opt/rehearsal/observer.crt\nkey = /opt/rehearsal/observer.key\n'
            printf 'data = "{\\"metadata\\":{\\"name\\":\\"config-%04d\\"},\\"data\\":{\\"number\\":\\"%d\\",\\"text\\":\\"%s\\"}}"\nnext\n' \
                "$each" "$each" "$(printf '%064d' "$each")"
        done | sed '$d' | curl --config -
END
    )" bash "$config_maps" || fail 'the ConfigMaps cannot be created'
    inside kubectl --namespace rehearsal rollout status deployment/lamps --timeout 90s >/dev/null || fail 'the Deployment does not come up'
}

workload_objects() {
    local each
    cat <<END
apiVersion: v1
kind: Namespace
metadata: {name: rehearsal}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.rehearsal.example}
spec:
  group: rehearsal.example
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {lit: {type: boolean}}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lamps, namespace: rehearsal}
spec:
  replicas: 2
  selector: {matchLabels: {app: lamps}}
  template:
    metadata: {labels: {app: lamps}}
    spec:
      hostNetwork: true
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      tolerations: [{operator: Exists}]
      containers: [{name: pause, image: $1, imagePullPolicy: Never}]
END
    for each in {01..20}; do
        printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: secret-%s, namespace: rehearsal}\nstringData: {word: "rehearsal-%s"}\n' "$each" "$each"
    done
}

workload_instances() {
    local each
    for each in {01..20}; do
        printf -- '---\napiVersion: rehearsal.example/v1\nkind: Lamp\nmetadata: {name: lamp-%s, namespace: rehearsal}\nspec: {lit: true}\n' "$each"
    done
}

# Every object of the cluster on a line: kind, name, UID, resourceVersion, all of it. Of what lives by being written (a node's status,
# a Deployment's) only what nobody writes while it is healthy; Leases, Events, requests for certificates and mirror pods not at all.
record() {
    inside bash -c "$(cat <<'END'
        kinds=$(kubectl api-resources --verbs=list -o name | grep -vE '^(componentstatuses|events|events\.events.*|leases\..*|certificatesigningrequests\..*)$' | paste -sd,)
        kubectl get "$kinds" --all-namespaces --output json 2>/dev/null
END
    )" | jq --raw-output --sort-keys '
        .items[]
        | select(.metadata.annotations["kubernetes.io/config.mirror"] == null)
        | if .kind == "Node" then {kind, metadata: {name: .metadata.name, uid: .metadata.uid}}
          elif .kind | IN("Pod", "Deployment", "ReplicaSet", "APIService", "FlowSchema", "PriorityLevelConfiguration", "EndpointSlice", "Endpoints", "ServiceCIDR") then
            del(.status, .metadata.resourceVersion, .metadata.managedFields)
            # An API server that ends cleanly takes its address away, and puts it back.
            | if .kind == "EndpointSlice" then del(.metadata.generation) else . end
          else . end
        | "\(.kind) \(.metadata.namespace // "")/\(.metadata.name) \(.metadata.uid) \(.metadata.resourceVersion // "-") \(tojson)"' | sort
}
