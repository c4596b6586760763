#include "tests/apiserver/schema_types.h"

namespace ferry::apiserver {

// A line starts a type when it is not indented: its short name, then the package its OpenAPI name begins with. The
// indented lines hold its fields: name, then the type of its value. [T] is a list, {T} a map, [T]key a list that
// strategic merge patches merge by that key, [T]= one of scalars that they merge as a set. A trailing ! stands for
// "always written", a trailing ? for "pointer".
std::string_view schema_text() {
  static constexpr std::string_view kText = R"(
ObjectMeta io.k8s.apimachinery.pkg.apis.meta.v1
  name string  generateName string  namespace string  selfLink string  uid string  resourceVersion string
  generation int  creationTimestamp string  deletionTimestamp string?  deletionGracePeriodSeconds int?
  labels {string}  annotations {string}  ownerReferences [OwnerReference]uid  finalizers [string]=
  managedFields [any]
OwnerReference io.k8s.apimachinery.pkg.apis.meta.v1
  apiVersion string!  kind string!  name string!  uid string!  controller bool?  blockOwnerDeletion bool?
Condition io.k8s.apimachinery.pkg.apis.meta.v1
  type string!  status string!  observedGeneration int  lastTransitionTime string?  reason string!  message string!
LabelSelector io.k8s.apimachinery.pkg.apis.meta.v1
  matchLabels {string}  matchExpressions [any]
ObjectReference io.k8s.api.core.v1
  kind string  namespace string  name string  uid string  apiVersion string  resourceVersion string  fieldPath string
LocalObjectReference io.k8s.api.core.v1
  name string

Service io.k8s.api.core.v1
  metadata ObjectMeta!  spec ServiceSpec!  status ServiceStatus!
ServiceSpec io.k8s.api.core.v1
  ports [ServicePort]port  selector {string}  clusterIP string  clusterIPs [string]  type string
  externalIPs [string]  sessionAffinity string  loadBalancerIP string  loadBalancerSourceRanges [string]
  externalName string  externalTrafficPolicy string  healthCheckNodePort int  publishNotReadyAddresses bool
  sessionAffinityConfig SessionAffinityConfig?  ipFamilies [string]  ipFamilyPolicy string?
  allocateLoadBalancerNodePorts bool?  loadBalancerClass string?  internalTrafficPolicy string?
  trafficDistribution string?
ServicePort io.k8s.api.core.v1
  name string  protocol string  appProtocol string?  port int!  targetPort intstr  nodePort int
SessionAffinityConfig io.k8s.api.core.v1
  clientIP ClientIPConfig?
ClientIPConfig io.k8s.api.core.v1
  timeoutSeconds int?
ServiceStatus io.k8s.api.core.v1
  loadBalancer LoadBalancerStatus!  conditions [Condition]type
LoadBalancerStatus io.k8s.api.core.v1
  ingress [LoadBalancerIngress]
LoadBalancerIngress io.k8s.api.core.v1
  ip string  hostname string  ipMode string?  ports [PortStatus]
PortStatus io.k8s.api.core.v1
  port int!  protocol string!  error string?

Endpoints io.k8s.api.core.v1
  metadata ObjectMeta!  subsets [EndpointSubset]
EndpointSubset io.k8s.api.core.v1
  addresses [EndpointAddress]  notReadyAddresses [EndpointAddress]  ports [CoreEndpointPort]
EndpointAddress io.k8s.api.core.v1
  ip string!  hostname string  nodeName string?  targetRef ObjectReference?
CoreEndpointPort io.k8s.api.core.v1
  name string  port int!  protocol string  appProtocol string?

EndpointSlice io.k8s.api.discovery.v1
  metadata ObjectMeta!  addressType string!  endpoints [Endpoint]!  ports [EndpointPort]!
Endpoint io.k8s.api.discovery.v1
  addresses [string]!  conditions EndpointConditions!  hostname string?  targetRef ObjectReference?
  deprecatedTopology {string}  nodeName string?  zone string?  hints EndpointHints?
EndpointConditions io.k8s.api.discovery.v1
  ready bool?  serving bool?  terminating bool?
EndpointHints io.k8s.api.discovery.v1
  forZones [ForZone]  forNodes [ForNode]
ForZone io.k8s.api.discovery.v1
  name string!
ForNode io.k8s.api.discovery.v1
  name string!
EndpointPort io.k8s.api.discovery.v1
  name string?  protocol string?  port int?  appProtocol string?

Namespace io.k8s.api.core.v1
  metadata ObjectMeta!  spec NamespaceSpec!  status NamespaceStatus!
NamespaceSpec io.k8s.api.core.v1
  finalizers [string]
NamespaceStatus io.k8s.api.core.v1
  phase string  conditions [any]type

ServiceCIDR io.k8s.api.networking.v1
  metadata ObjectMeta!  spec ServiceCIDRSpec!  status ServiceCIDRStatus!
ServiceCIDRSpec io.k8s.api.networking.v1
  cidrs [string]=
ServiceCIDRStatus io.k8s.api.networking.v1
  conditions [any]type

Node io.k8s.api.core.v1
  metadata ObjectMeta!  spec NodeSpec!  status NodeStatus!
NodeSpec io.k8s.api.core.v1
  podCIDR string  podCIDRs [string]=  providerID string  unschedulable bool  taints [Taint]  configSource any?
  externalID string
Taint io.k8s.api.core.v1
  key string!  value string  effect string!  timeAdded string?
NodeStatus io.k8s.api.core.v1
  capacity {any}  allocatable {any}  phase string  conditions [NodeCondition]type  addresses [NodeAddress]type
  daemonEndpoints NodeDaemonEndpoints!  nodeInfo NodeSystemInfo!  images [any]  volumesInUse [string]
  volumesAttached [any]  config any?  runtimeHandlers [any]  features any?
NodeCondition io.k8s.api.core.v1
  type string!  status string!  lastHeartbeatTime string?  lastTransitionTime string?  reason string  message string
NodeAddress io.k8s.api.core.v1
  type string!  address string!
NodeDaemonEndpoints io.k8s.api.core.v1
  kubeletEndpoint DaemonEndpoint!
DaemonEndpoint io.k8s.api.core.v1
  Port int!
NodeSystemInfo io.k8s.api.core.v1
  machineID string!  systemUUID string!  bootID string!  kernelVersion string!  osImage string!
  containerRuntimeVersion string!  kubeletVersion string!  kubeProxyVersion string!  operatingSystem string!
  architecture string!  swap any?

Pod io.k8s.api.core.v1
  metadata ObjectMeta!  spec PodSpec!  status PodStatus!
PodSpec io.k8s.api.core.v1
  volumes [Volume]name  initContainers [Container]name  containers [Container]name!  ephemeralContainers [any]name
  restartPolicy string  terminationGracePeriodSeconds int?  activeDeadlineSeconds int?  dnsPolicy string
  nodeSelector {string}  serviceAccountName string  serviceAccount string  automountServiceAccountToken bool?
  nodeName string  hostNetwork bool  hostPID bool  hostIPC bool  shareProcessNamespace bool?
  securityContext PodSecurityContext?  imagePullSecrets [LocalObjectReference]name  hostname string  subdomain string
  affinity Affinity?  schedulerName string
  tolerations [Toleration]  hostAliases [HostAlias]ip  priorityClassName string  priority int?  dnsConfig any?
  readinessGates [PodReadinessGate]  runtimeClassName string?  enableServiceLinks bool?  preemptionPolicy string?
  overhead {any}  topologySpreadConstraints [any]topologyKey  setHostnameAsFQDN bool?  os any?  hostUsers bool?
  schedulingGates [any]name  resourceClaims [any]name  resources any?  hostnameOverride string?
HostAlias io.k8s.api.core.v1
  ip string!  hostnames [string]
PodReadinessGate io.k8s.api.core.v1
  conditionType string!
Toleration io.k8s.api.core.v1
  key string  operator string  value string  effect string  tolerationSeconds int?
Container io.k8s.api.core.v1
  name string!  image string  command [string]  args [string]  workingDir string  ports [ContainerPort]containerPort
  envFrom [any]  env [EnvVar]name  resources ResourceRequirements!  resizePolicy [any]  restartPolicy string?
  restartPolicyRules [any]  volumeMounts [VolumeMount]mountPath  volumeDevices [any]devicePath  livenessProbe Probe?
  readinessProbe Probe?  startupProbe Probe?  lifecycle any?  terminationMessagePath string
  terminationMessagePolicy string  imagePullPolicy string  securityContext SecurityContext?  stdin bool  stdinOnce bool
  tty bool
ContainerPort io.k8s.api.core.v1
  name string  hostPort int  containerPort int!  protocol string  hostIP string
EnvVar io.k8s.api.core.v1
  name string!  value string  valueFrom EnvVarSource?
EnvVarSource io.k8s.api.core.v1
  fieldRef ObjectFieldSelector?  resourceFieldRef any?  configMapKeyRef any?  secretKeyRef any?  fileKeyRef any?
ObjectFieldSelector io.k8s.api.core.v1
  apiVersion string  fieldPath string!
ResourceRequirements io.k8s.api.core.v1
  limits {any}  requests {any}  claims [any]
VolumeMount io.k8s.api.core.v1
  name string!  readOnly bool  recursiveReadOnly string?  mountPath string!  subPath string  mountPropagation string?
  subPathExpr string
Volume io.k8s.api.core.v1
  name string!  hostPath HostPathVolumeSource?  emptyDir any?  secret any?  configMap ConfigMapVolumeSource?
  downwardAPI any?  projected any?  persistentVolumeClaim any?  csi any?  ephemeral any?  image any?
HostPathVolumeSource io.k8s.api.core.v1
  path string!  type string?
ConfigMapVolumeSource io.k8s.api.core.v1
  name string  items [any]  defaultMode int?  optional bool?
Probe io.k8s.api.core.v1
  exec ExecAction?  httpGet HTTPGetAction?  tcpSocket any?  grpc any?  initialDelaySeconds int  timeoutSeconds int
  periodSeconds int  successThreshold int  failureThreshold int  terminationGracePeriodSeconds int?
ExecAction io.k8s.api.core.v1
  command [string]
HTTPGetAction io.k8s.api.core.v1
  path string  port intstr!  host string  scheme string  httpHeaders [any]
SecurityContext io.k8s.api.core.v1
  capabilities Capabilities?  privileged bool?  seLinuxOptions any?  windowsOptions any?  runAsUser int?
  runAsGroup int?  runAsNonRoot bool?  readOnlyRootFilesystem bool?  allowPrivilegeEscalation bool?
  procMount string?  seccompProfile SeccompProfile?  appArmorProfile any?
Capabilities io.k8s.api.core.v1
  add [string]  drop [string]
PodSecurityContext io.k8s.api.core.v1
  seLinuxOptions any?  windowsOptions any?  runAsUser int?  runAsGroup int?  runAsNonRoot bool?
  supplementalGroups [int]  supplementalGroupsPolicy string?  fsGroup int?  sysctls [any]  fsGroupChangePolicy string?
  seccompProfile SeccompProfile?  appArmorProfile any?  seLinuxChangePolicy string?
SeccompProfile io.k8s.api.core.v1
  type string!  localhostProfile string?
Affinity io.k8s.api.core.v1
  nodeAffinity NodeAffinity?  podAffinity any?  podAntiAffinity any?
NodeAffinity io.k8s.api.core.v1
  requiredDuringSchedulingIgnoredDuringExecution NodeSelector?
  preferredDuringSchedulingIgnoredDuringExecution [any]
NodeSelector io.k8s.api.core.v1
  nodeSelectorTerms [NodeSelectorTerm]!
NodeSelectorTerm io.k8s.api.core.v1
  matchExpressions [NodeSelectorRequirement]  matchFields [NodeSelectorRequirement]
NodeSelectorRequirement io.k8s.api.core.v1
  key string!  operator string!  values [string]
PodStatus io.k8s.api.core.v1
  observedGeneration int  phase string  conditions [PodCondition]type  message string  reason string
  nominatedNodeName string  hostIP string  hostIPs [any]ip  podIP string  podIPs [PodIP]ip  startTime string?
  initContainerStatuses [any]  containerStatuses [any]  qosClass string  ephemeralContainerStatuses [any]
  resize string  resourceClaimStatuses [any]name
PodIP io.k8s.api.core.v1
  ip string!
PodCondition io.k8s.api.core.v1
  type string!  observedGeneration int  status string!  lastProbeTime string?  lastTransitionTime string?
  reason string  message string

PodTemplateSpec io.k8s.api.core.v1
  metadata ObjectMeta!  spec PodSpec!

ServiceAccount io.k8s.api.core.v1
  metadata ObjectMeta!  secrets [ObjectReference]name  imagePullSecrets [LocalObjectReference]name
  automountServiceAccountToken bool?

ConfigMap io.k8s.api.core.v1
  metadata ObjectMeta!  immutable bool?  data {string}  binaryData {string}

DaemonSet io.k8s.api.apps.v1
  metadata ObjectMeta!  spec DaemonSetSpec!  status DaemonSetStatus!
DaemonSetSpec io.k8s.api.apps.v1
  selector LabelSelector?  template PodTemplateSpec!  updateStrategy DaemonSetUpdateStrategy!  minReadySeconds int
  revisionHistoryLimit int?
DaemonSetUpdateStrategy io.k8s.api.apps.v1
  type string  rollingUpdate RollingUpdateDaemonSet?
RollingUpdateDaemonSet io.k8s.api.apps.v1
  maxUnavailable intstr?  maxSurge intstr?
DaemonSetStatus io.k8s.api.apps.v1
  currentNumberScheduled int!  numberMisscheduled int!  desiredNumberScheduled int!  numberReady int!
  observedGeneration int  updatedNumberScheduled int  numberAvailable int  numberUnavailable int  collisionCount int?
  conditions [any]type

ClusterRole io.k8s.api.rbac.v1
  metadata ObjectMeta!  rules [PolicyRule]!  aggregationRule any?
PolicyRule io.k8s.api.rbac.v1
  verbs [string]!  apiGroups [string]  resources [string]  resourceNames [string]  nonResourceURLs [string]
ClusterRoleBinding io.k8s.api.rbac.v1
  metadata ObjectMeta!  subjects [Subject]  roleRef RoleRef!
Subject io.k8s.api.rbac.v1
  kind string!  apiGroup string  name string!  namespace string
RoleRef io.k8s.api.rbac.v1
  apiGroup string!  kind string!  name string!

PodMonitor com.coreos.monitoring.v1
  metadata ObjectMeta!  spec any!
PrometheusRule com.coreos.monitoring.v1
  metadata ObjectMeta!  spec any!

Binding io.k8s.api.core.v1
  metadata ObjectMeta!  target ObjectReference!
)";
  return kText;
}

}  // namespace ferry::apiserver
