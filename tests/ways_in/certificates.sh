#!/usr/bin/env bash
# Client certificates of every kind, good and bad, into the working folder; ../pki is kubeadm's.
set -euo pipefail

# sign NAME SUBJECT EXTENSIONS [CA [START END]]: NAME.crt and NAME.key; dates as openssl writes them.
sign() {
    local name=$1 subject=$2 extensions=$3 ca=${4:-../pki/ca} start=${5-} end=${6-}
    [[ $start ]] || start=$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ) end=$(date -u -d '+1 hour' +%Y%m%d%H%M%SZ)
    mkdir -p ca.d
    : >ca.d/index
    echo unique_subject=no >ca.d/index.attr
    cat >ca.d/config <<END
oid_section = o
[o]
kubernetesUid = 1.3.6.1.4.1.57683.2
[req]
distinguished_name = n
[n]
[ca]
default_ca = d
[d]
database = ca.d/index
new_certs_dir = ca.d
rand_serial = yes
default_md = sha256
policy = p
preserve = yes
[p]
commonName = optional
organizationName = optional
kubernetesUid = optional
[e]
$(printf %b "$extensions")
END
    openssl req -new -config ca.d/config -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" -keyout "$name.key" -out "$name.csr"
    openssl ca -batch -notext -config ca.d/config -extensions e -cert "$ca.crt" -keyfile "$ca.key" \
        -startdate "$start" -enddate "$end" -in "$name.csr" -out "$name.crt"
}

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 -subj "$2" -keyout "$1.key" -out "$1.crt"
}

client='extendedKeyUsage=clientAuth'
authority stranger /CN=stranger
authority namesake /CN=kubernetes
sign good /O=a/O=b/CN=jane "$client"
sign expired /CN=jane "$client" ../pki/ca 20200101000000Z 20210101000000Z
sign not-yet-valid /CN=jane "$client" ../pki/ca 20480101000000Z 20490101000000Z
sign of-a-stranger /CN=jane "$client" stranger
sign of-a-namesake /CN=jane "$client" namesake
sign of-the-etcd-ca /O=system:masters/CN=jane "$client" ../pki/etcd/ca
sign of-the-front-proxy-ca /CN=front-proxy-client "$client" ../pki/front-proxy-ca
sign for-servers /CN=jane extendedKeyUsage=serverAuth
sign for-documents /CN=jane extendedKeyUsage=critical,1.3.6.1.5.5.7.3.36
sign as-anonymous /CN=system:anonymous "$client"
sign as-unauthenticated /O=system:unauthenticated/CN=jane "$client"
sign on-p521 /CN=jane "$client"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-521 -nodes -subj /CN=jane -keyout on-p521.key -out on-p521.csr
echo "$client" >on-p521.extensions
openssl x509 -req -in on-p521.csr -CA ../pki/ca.crt -CAkey ../pki/ca.key -set_serial 77 -extfile on-p521.extensions -out on-p521.crt
sign negative-serial /CN=jane "$client"
openssl x509 -req -in negative-serial.csr -CA ../pki/ca.crt -CAkey ../pki/ca.key -set_serial -77 -extfile on-p521.extensions -out negative-serial.crt
sign for-anything /CN=jane basicConstraints=CA:FALSE
sign for-any-usage /CN=jane extendedKeyUsage=anyExtendedKeyUsage
sign without-name /O=system:masters "$client"
sign critical-extension /CN=jane "$client\n1.2.3.4=critical,ASN1:NULL"
sign two-names /CN=john/O=a/CN=jane "$client"
sign with-uid /CN=jane/kubernetesUid=abc "$client"
sign two-uids /CN=jane/kubernetesUid=abc/kubernetesUid=def "$client"
sign middle /CN=middle 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign'
sign under-another /CN=jane "$client" middle
cat middle.crt >>under-another.crt
sign under-another-alone /CN=jane "$client" middle
sign under-no-authority /CN=jane "$client" good
cat good.crt >>under-no-authority.crt
cp ../pki/ca.crt authority-itself.crt
cp ../pki/ca.key authority-itself.key
