package enginetest

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

const (
	kafkaVersion = "3.9.1" // the newest line that runs on Java 17 with KRaft and these tools' names
)

// kafkaPom asks Maven for the broker and all it needs at run time.
const kafkaPom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>` + kafkaVersion + `</version></dependency>
  </dependencies>
</project>
`

// kafkaProperties makes one node that is broker and controller, with the
// internal topics cut to what one node can hold.
const kafkaProperties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%[2]d
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]d
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
auto.create.topics.enable=true
num.partitions=%[4]d
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
`

// broker is the one real Kafka of this test process. Tests share it, since a
// JVM takes seconds to start and hundreds of megabytes; the last one stops it.
var broker struct {
	sync.Mutex
	users   int
	address string
	stop    func()
}

// realKafka returns the address of a real Apache Kafka that runs until the last
// test that asked for it has ended.
func realKafka(t testing.TB) []string {
	t.Helper()
	broker.Lock()
	defer broker.Unlock()
	if broker.users == 0 {
		broker.address, broker.stop = startKafka(t)
	}
	broker.users++
	t.Cleanup(releaseKafka)
	return []string{broker.address}
}

func releaseKafka() {
	broker.Lock()
	defer broker.Unlock()
	if broker.users--; broker.users == 0 {
		broker.stop()
	}
}

func startKafka(t testing.TB) (address string, stop func()) {
	t.Helper()
	classpath := filepath.Join(kafkaJars(t), "*")
	dir, err := os.MkdirTemp("", "kafka")
	if err != nil {
		t.Fatal(err)
	}
	port, controller := freePort(t), freePort(t)
	properties := filepath.Join(dir, "server.properties")
	settings := fmt.Sprintf(kafkaProperties, port, controller, filepath.Join(dir, "data"), embedded.KafkaPartitions)
	if err := os.WriteFile(properties, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	runKafkaTool(t, dir, "java", "-cp", classpath, "kafka.tools.StorageTool", "format", "--cluster-id="+kafkaUUID(id), "-c", properties)
	child := startServer(t, dir, "java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath, "kafka.Kafka", properties)
	address = fmt.Sprintf("127.0.0.1:%d", port)
	child.awaitListener(t, address)
	return address, func() {
		child.stop()
		_ = os.RemoveAll(dir)
	}
}

// kafkaJars returns the directory of the broker's jars, fetched once per version.
func kafkaJars(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("find a cache directory for Kafka's jars: %v", err)
	}
	dir := filepath.Join(cache, "oksai", "kafka-"+kafkaVersion)
	lock := lockKafkaCache(t, dir+".lock")
	defer lock.Close()
	done := filepath.Join(dir, "complete")
	if _, err := os.Stat(done); err == nil {
		return filepath.Join(dir, "lib")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pom.xml"), []byte(kafkaPom), 0o644); err != nil {
		t.Fatal(err)
	}
	runKafkaTool(t, dir, "mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib")
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "lib")
}

// lockKafkaCache holds an exclusive lock until the file is closed: packages are
// tested by several processes at once.
func lockKafkaCache(t testing.TB, path string) *os.File {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("lock %s: %v", path, err)
	}
	return file
}

func runKafkaTool(t testing.TB, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run %s for the real Kafka (it needs mvn and Java 17): %v\n%s", name, err, out)
	}
}

// kafkaUUID prints an id as Kafka's tools want it.
func kafkaUUID(id uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(id[:])
}
