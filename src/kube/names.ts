/** What Kubernetes calls a DNS-1123 label: a namespace, an API version, a plural name. */
export function isDnsLabel(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}

/** What Kubernetes calls a DNS-1123 subdomain: most names of objects, an API group, the prefix of a label key. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}
